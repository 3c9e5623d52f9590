import { type Context, Hono } from "hono";
import { alerting } from "#workers/http/alerts/alerts.ts";
import { alertRouting } from "#workers/http/alerts/routing.ts";
import { a2aAgents } from "#workers/http/a2a/agents.ts";
import { a2aPlatform } from "#workers/http/a2a/platform.ts";
import { agentTasks } from "#workers/http/agents/tasks.ts";
import { accounts } from "#workers/http/accounts/account.ts";
import { agentKeys } from "#workers/http/agents/keys.ts";
import { agentDelivery } from "#workers/http/agents/delivery.ts";
import { mailboxes } from "#workers/http/agents/mailbox.ts";
import { messages } from "#workers/http/agents/messages.ts";
import { metrics } from "#workers/http/metrics/metrics.ts";
import { channels } from "#workers/http/channels/channels.ts";
import { channelInbound } from "#workers/http/channels/inbound.ts";
import { matching } from "#workers/http/agents/match.ts";
import { a2aCards } from "#workers/http/agents/cards.ts";
import { agents } from "#workers/http/agents/registry.ts";
import { outsideAgents } from "#workers/http/agents/outside.ts";
import { agentState } from "#workers/http/agents/state.ts";
import { delegations } from "#workers/http/agents/delegations.ts";
import { agentLife } from "#workers/http/agents/life.ts";
import { agentSessions } from "#workers/http/agents/session.ts";
import { auditing } from "#workers/http/accounts/audit.ts";
import { collecting } from "#workers/http/units/collections.ts";
import { deadLetters } from "#workers/http/units/dead-letters.ts";
import { docs } from "#workers/http/docs.ts";
import { erasures } from "#workers/http/accounts/erasure.ts";
import { factors } from "#workers/http/people/factors.ts";
import { archives } from "#workers/http/accounts/exports.ts";
import { webhookDeliveries } from "#workers/http/webhooks/deliveries.ts";
import { webhooks } from "#workers/http/webhooks/webhooks.ts";
import { health } from "#workers/http/health.ts";
import { identityProviders } from "#workers/http/federation/identity-providers.ts";
import { jobQueue } from "#workers/http/jobs/queue.ts";
import { inference } from "#workers/http/inference/inference.ts";
import { inferenceUse } from "#workers/http/inference/use.ts";
import { jobs } from "#workers/http/jobs/jobs.ts";
import { keys } from "#workers/http/accounts/keys.ts";
import { type Feature, type PublicEnv, refuse, type Route } from "#workers/http/kit.ts";
import { mcp } from "#workers/http/mcp/mcp.ts";
import { type Perform, performer } from "#workers/http/operations.ts";
import { policies } from "#workers/http/accounts/policies.ts";
import { oauthAuthorize } from "#workers/http/oauth/authorize.ts";
import { oauthDevice } from "#workers/http/oauth/device.ts";
import { oauthGrants } from "#workers/http/oauth/grants.ts";
import { oauthRegister } from "#workers/http/oauth/register.ts";
import { oauthClients } from "#workers/http/oauth/clients.ts";
import { logs } from "#workers/http/observability/logs.ts";
import { traces } from "#workers/http/observability/traces.ts";
import { signingKeys } from "#workers/http/oauth/signing-keys.ts";
import { oauthMetadata } from "#workers/http/oauth/metadata.ts";
import { oauthTokens } from "#workers/http/oauth/token.ts";
import { framed, pipeline } from "#workers/http/pipeline.ts";
import { notices } from "#workers/http/notices/notices.ts";
import { invitations } from "#workers/http/people/invitations.ts";
import { members } from "#workers/http/people/members.ts";
import { memberships } from "#workers/http/people/memberships.ts";
import { passkeys } from "#workers/http/people/passkeys.ts";
import { passwords } from "#workers/http/people/passwords.ts";
import { people } from "#workers/http/people/people.ts";
import { pathRouter } from "#workers/http/router.ts";
import { Refusal } from "#workers/http/problem.ts";
import { plans } from "#workers/http/accounts/plans.ts";
import { searching } from "#workers/http/units/search.ts";
import { sessions } from "#workers/http/people/sessions.ts";
import { scimGroups } from "#workers/http/federation/scim-groups.ts";
import { scimUsers } from "#workers/http/federation/scim-users.ts";
import { scim } from "#workers/http/federation/scim.ts";
import { sso } from "#workers/http/federation/sso.ts";
import { capacity } from "#workers/http/pools/pools.ts";
import { taskBatches } from "#workers/http/tasks/batch.ts";
import { taskEvents } from "#workers/http/tasks/events.ts";
import { taskLists } from "#workers/http/tasks/listing.ts";
import { taskQueueRoutes } from "#workers/http/tasks/queues.ts";
import { taskResultRoutes } from "#workers/http/tasks/results.ts";
import { taskSubscriptions } from "#workers/http/tasks/subscriptions.ts";
import { tasks } from "#workers/http/tasks/tasks.ts";
import { work } from "#workers/http/tasks/work.ts";
import { liveEvents } from "#workers/http/events/live.ts";
import { stream } from "#workers/http/stream/stream.ts";
import { topicEvents } from "#workers/http/topics/events.ts";
import { topicGroups } from "#workers/http/topics/groups.ts";
import { topicRoutes } from "#workers/http/topics/topics.ts";
import { usage } from "#workers/http/accounts/usage.ts";
import { units } from "#workers/http/units/units.ts";
import { unitsInBulk } from "#workers/http/units/bulk.ts";
import { unitUsing } from "#workers/http/units/uses.ts";
import { ending, type LaterVersion, routesOf } from "#workers/http/versions.ts";

/** Every feature's routes. Adding a feature is one line here. */
const FEATURES: readonly Feature[] = [
  health,
  keys,
  policies,
  identityProviders,
  sso,
  scim,
  scimUsers,
  scimGroups,
  sessions,
  people,
  factors,
  passkeys,
  passwords,
  members,
  memberships,
  invitations,
  accounts,
  plans,
  units,
  unitUsing,
  unitsInBulk,
  searching,
  collecting,
  inference,
  inferenceUse,
  stream,
  liveEvents,
  deadLetters,
  agents,
  agentSessions,
  agentLife,
  delegations,
  agentState,
  agentKeys,
  agentDelivery,
  channels,
  channelInbound,
  webhooks,
  webhookDeliveries,
  outsideAgents,
  messages,
  mailboxes,
  matching,
  a2aCards,
  agentTasks,
  a2aAgents,
  tasks,
  taskBatches,
  taskLists,
  taskEvents,
  taskResultRoutes,
  taskQueueRoutes,
  taskSubscriptions,
  work,
  capacity,
  metrics,
  topicRoutes,
  topicEvents,
  topicGroups,
  usage,
  oauthMetadata,
  oauthTokens,
  oauthRegister,
  oauthAuthorize,
  oauthDevice,
  oauthGrants,
  oauthClients,
  signingKeys,
  auditing,
  traces,
  logs,
  alerting,
  alertRouting,
  notices,
  erasures,
  archives,
  jobQueue,
  jobs,
  a2aPlatform((...asked) => perform(...asked)),
  mcp(
    (...asked) => perform(...asked),
    () => routesOf(FEATURES, LATER),
  ),
  docs(() => routesOf(FEATURES, LATER)),
];

/** Versions of the API beside /v1, each with what it answers otherwise (versions.ts). */
const LATER: readonly LaterVersion[] = [];

/** All routes of a set of features, in the order the contract fixes: 404 and 405 come before anything else is looked at. */
export function appOf(
  features: readonly Feature[],
  later: readonly LaterVersion[] = [],
): Hono<PublicEnv> {
  const routes = routesOf(features, later).sort((a, b) => specificity(a) - specificity(b));
  const table = paths(routes);
  const app = new Hono<PublicEnv>({ strict: true, router: pathRouter() });
  for (const { path, pattern, allow } of table) {
    // A literal path belongs to itself alone: `PATCH /v1/units/import` does not fall through to the unit named import.
    if (path.includes("{")) continue;
    const others = table.filter((other) => other.path !== path && other.pattern.test(path));
    const foreign = new Set(
      others.flatMap((other) => other.allow).filter((method) => !allow.includes(method)),
    );
    if (foreign.size > 0)
      app.on(
        [...foreign],
        path,
        framed((c) => unmatched(c, [{ path, pattern, allow }])),
      );
  }
  for (const one of routes) {
    const method = one.config.method.toUpperCase();
    const path = honoPath(one.config.path);
    const answer = answerOf(one);
    app.on(method, path, answer);
    if (one.config.trailingSlash === true) app.on(method, `${path}/`, answer);
  }
  app.notFound(framed((c) => unmatched(c, table)));
  return app;
}

function answerOf(one: Route): (c: Context) => Promise<Response> {
  const { ends } = one.config;
  return ends === undefined ? pipeline(one) : ending(ends, pipeline(one));
}

/** Literal paths before those with parameters, so that `/import` is never taken for an id. */
const specificity = (route: Route) => (route.config.path.match(/\{/g) ?? []).length;
const honoPath = (path: string) => path.replaceAll(/\{(\w+)\}/g, ":$1");

type PathEntry = { path: string; pattern: RegExp; allow: string[] };

function paths(routes: readonly Route[]): PathEntry[] {
  const methods = new Map<string, Set<string>>();
  for (const { config } of routes) {
    const known = methods.get(config.path) ?? new Set(["OPTIONS"]);
    known.add(config.method.toUpperCase());
    if (config.method === "get") known.add("HEAD");
    methods.set(config.path, known);
  }
  return [...methods].map(([path, known]) => ({
    path,
    pattern: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`),
    allow: [...known].sort(),
  }));
}

function unmatched(c: Context, table: readonly PathEntry[]): Response {
  const entry = table.find(({ pattern }) => pattern.test(c.req.path));
  if (entry === undefined) return refuse({ code: "not-found" });
  const Allow = entry.allow.join(", ");
  if (c.req.method === "OPTIONS") return new Response(null, { status: 204, headers: { Allow } });
  throw new Refusal({ code: "method-not-allowed", detail: `takes ${Allow}` }, { Allow });
}

export const app = appOf(FEATURES, LATER);

/** Every operation, for the protocols that carry them (operations.ts). */
export const perform: Perform = performer(() => app.fetch);
