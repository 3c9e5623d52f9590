import {
  createHashHistory,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from "@tanstack/react-router";
import { Frame } from "#web/app/frame.tsx";
import type {
  AuditQuestion,
  EventQuestion,
  GiveQuestion,
  LogQuestion,
  ReviewQuestion,
  SearchQuestion,
  TaskQuestion,
  TraceQuestion,
} from "#web/app/questions.ts";
import { NotHere } from "#web/app/not-here.tsx";
import { Broken, Waiting } from "#web/ui/states.tsx";

const text = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

/** What stands in an address may look like a number. */
const word = (value: unknown): string | undefined =>
  typeof value === "number" ? String(value) : text(value);

const root = createRootRoute({ component: Frame, notFoundComponent: NotHere });

/** A screen is one route here, one folder of web/screens, and a line of web/app/navigation.ts where it is found from. */
const overview = createRoute({
  getParentRoute: () => root,
  path: "/",
  component: lazyRouteComponent(() => import("#web/screens/overview/overview.tsx"), "Overview"),
});
const search = createRoute({
  getParentRoute: () => root,
  path: "/search",
  validateSearch: (given: Record<string, unknown>): SearchQuestion => {
    const { q, level, visibility, language } = given;
    return {
      q: word(q),
      level: text(level),
      visibility: text(visibility),
      language: text(language),
    };
  },
  component: lazyRouteComponent(() => import("#web/screens/search/search.tsx"), "Search"),
});
const unit = createRoute({
  getParentRoute: () => root,
  path: "/unit/$id",
  component: lazyRouteComponent(() => import("#web/screens/unit/unit.tsx"), "UnitScreen"),
});
const publish = createRoute({
  getParentRoute: () => root,
  path: "/publish",
  component: lazyRouteComponent(() => import("#web/screens/publish/publish.tsx"), "Publish"),
});
const review = createRoute({
  getParentRoute: () => root,
  path: "/review",
  validateSearch: ({ visibility }: Record<string, unknown>): ReviewQuestion => ({
    visibility: text(visibility),
  }),
  component: lazyRouteComponent(() => import("#web/screens/review/review.tsx"), "Review"),
});
const agents = createRoute({
  getParentRoute: () => root,
  path: "/agents",
  component: lazyRouteComponent(() => import("#web/screens/agents/agents.tsx"), "Agents"),
});
const register = createRoute({
  getParentRoute: () => root,
  path: "/agents/new",
  component: lazyRouteComponent(() => import("#web/screens/agents/register.tsx"), "Register"),
});
const agent = createRoute({
  getParentRoute: () => root,
  path: "/agent/$id",
  component: lazyRouteComponent(() => import("#web/screens/agent/agent.tsx"), "AgentScreen"),
});
const tasks = createRoute({
  getParentRoute: () => root,
  path: "/tasks",
  validateSearch: ({ state, pool, type }: Record<string, unknown>): TaskQuestion => ({
    state: text(state),
    pool: text(pool),
    type: text(type),
  }),
  component: lazyRouteComponent(() => import("#web/screens/tasks/tasks.tsx"), "Tasks"),
});
const give = createRoute({
  getParentRoute: () => root,
  path: "/tasks/new",
  validateSearch: ({ requires }: Record<string, unknown>): GiveQuestion => ({
    requires: word(requires),
  }),
  component: lazyRouteComponent(() => import("#web/screens/tasks/give.tsx"), "Give"),
});
const task = createRoute({
  getParentRoute: () => root,
  path: "/task/$id",
  component: lazyRouteComponent(() => import("#web/screens/task/task.tsx"), "TaskScreen"),
});
const queues = createRoute({
  getParentRoute: () => root,
  path: "/queues",
  component: lazyRouteComponent(() => import("#web/screens/queues/queues.tsx"), "Queues"),
});
const events = createRoute({
  getParentRoute: () => root,
  path: "/events",
  validateSearch: ({
    topic,
    type,
    agent,
    task,
    since,
  }: Record<string, unknown>): EventQuestion => ({
    topic: text(topic),
    type: text(type),
    agent: text(agent),
    task: text(task),
    since: text(since),
  }),
  component: lazyRouteComponent(() => import("#web/screens/events/events.tsx"), "Events"),
});
const topic = createRoute({
  getParentRoute: () => root,
  path: "/topic/$topic",
  component: lazyRouteComponent(() => import("#web/screens/topic/topic.tsx"), "Topic"),
});
const alerts = createRoute({
  getParentRoute: () => root,
  path: "/alerts",
  component: lazyRouteComponent(() => import("#web/screens/alerts/alerts.tsx"), "Alerts"),
});
const traces = createRoute({
  getParentRoute: () => root,
  path: "/traces",
  validateSearch: ({ name, only, slow }: Record<string, unknown>): TraceQuestion => ({
    name: word(name),
    only: word(only),
    slow: word(slow),
  }),
  component: lazyRouteComponent(() => import("#web/screens/traces/traces.tsx"), "Traces"),
});
const trace = createRoute({
  getParentRoute: () => root,
  path: "/trace/$id",
  component: lazyRouteComponent(() => import("#web/screens/trace/trace.tsx"), "TraceScreen"),
});
const logs = createRoute({
  getParentRoute: () => root,
  path: "/logs",
  validateSearch: ({ level, service, trace: of, q }: Record<string, unknown>): LogQuestion => ({
    level: word(level),
    service: word(service),
    trace: word(of),
    q: word(q),
  }),
  component: lazyRouteComponent(() => import("#web/screens/logs/logs.tsx"), "Logs"),
});
const audit = createRoute({
  getParentRoute: () => root,
  path: "/audit",
  validateSearch: (given: Record<string, unknown>): AuditQuestion => ({
    action: text(given["action"]),
    phase: text(given["phase"]),
    actor: word(given["actor"]),
    resource: word(given["resource"]),
    from: text(given["from"]),
    to: text(given["to"]),
  }),
  component: lazyRouteComponent(() => import("#web/screens/audit/audit.tsx"), "Audit"),
});
const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  validateSearch: ({ register }: Record<string, unknown>): { register?: true } =>
    register === true ? { register } : {},
  component: lazyRouteComponent(() => import("#web/screens/settings/settings.tsx"), "Settings"),
});
const keys = createRoute({
  getParentRoute: () => root,
  path: "/keys",
  validateSearch: ({ make }: Record<string, unknown>): { make?: true } =>
    make === true ? { make } : {},
  component: lazyRouteComponent(() => import("#web/screens/keys/keys.tsx"), "Keys"),
});
const people = createRoute({
  getParentRoute: () => root,
  path: "/people",
  component: lazyRouteComponent(() => import("#web/screens/people/people.tsx"), "People"),
});
const policies = createRoute({
  getParentRoute: () => root,
  path: "/policies",
  component: lazyRouteComponent(() => import("#web/screens/policies/policies.tsx"), "Policies"),
});
const channels = createRoute({
  getParentRoute: () => root,
  path: "/channels",
  component: lazyRouteComponent(() => import("#web/screens/channels/channels.tsx"), "Channels"),
});
const connect = createRoute({
  getParentRoute: () => root,
  path: "/channels/new",
  component: lazyRouteComponent(() => import("#web/screens/channels/connect.tsx"), "Connect"),
});
const channel = createRoute({
  getParentRoute: () => root,
  path: "/channel/$id",
  component: lazyRouteComponent(() => import("#web/screens/channel/channel.tsx"), "ChannelScreen"),
});
const webhooks = createRoute({
  getParentRoute: () => root,
  path: "/webhooks",
  component: lazyRouteComponent(() => import("#web/screens/webhooks/webhooks.tsx"), "Webhooks"),
});
const addWebhook = createRoute({
  getParentRoute: () => root,
  path: "/webhooks/new",
  component: lazyRouteComponent(() => import("#web/screens/webhooks/add.tsx"), "AddWebhook"),
});
const webhook = createRoute({
  getParentRoute: () => root,
  path: "/webhook/$id",
  component: lazyRouteComponent(() => import("#web/screens/webhook/webhook.tsx"), "WebhookScreen"),
});
const map = createRoute({
  getParentRoute: () => root,
  path: "/map",
  component: lazyRouteComponent(() => import("#web/screens/map/map.tsx"), "MapScreen"),
});
const you = createRoute({
  getParentRoute: () => root,
  path: "/you",
  component: lazyRouteComponent(() => import("#web/screens/you/you.tsx"), "You"),
});

/** Addresses stand behind the `#`, so that one page serves them all, under any path. */
export const router = createRouter({
  // Another thing's screen begins anew: what was typed, asked or shown once was about the one before.
  defaultRemountDeps: ({ params }) => params,
  routeTree: root.addChildren([
    overview,
    search,
    unit,
    publish,
    review,
    agents,
    register,
    agent,
    tasks,
    give,
    task,
    queues,
    events,
    topic,
    alerts,
    traces,
    trace,
    logs,
    keys,
    audit,
    settings,
    people,
    policies,
    channels,
    connect,
    channel,
    webhooks,
    addWebhook,
    webhook,
    map,
    you,
  ]),
  history: createHashHistory(),
  defaultPreload: "intent",
  defaultPendingComponent: Waiting,
  defaultErrorComponent: Broken,
  scrollRestoration: true,
});

router.subscribe("onResolved", ({ pathChanged, fromLocation }) => {
  // Whoever reads with their ears hears the screen that they came to.
  if (pathChanged && fromLocation !== undefined)
    document.getElementById("main")?.focus({ preventScroll: true });
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
