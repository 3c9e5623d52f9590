import {
  BellIcon,
  GearSixIcon,
  ChatCircleTextIcon,
  GraphIcon,
  HouseIcon,
  KeyIcon,
  type Icon,
  ListChecksIcon,
  ListBulletsIcon,
  MagnifyingGlassIcon,
  PulseIcon,
  RobotIcon,
  SealCheckIcon,
  ShieldCheckIcon,
  ScalesIcon,
  StackIcon,
  TreeStructureIcon,
  UploadSimpleIcon,
  UserCircleIcon,
  UsersThreeIcon,
  WebhooksLogoIcon,
} from "@phosphor-icons/react";
import type { LinkProps } from "@tanstack/react-router";
import type { shell } from "#web/app/messages.ts";
import type { Action } from "#web/app/permissions.ts";

export type Screen = {
  to: LinkProps["to"];
  label: keyof typeof shell;
  icon: Icon;
  /** Without it, the screen is not offered. */
  needs: Action;
  /** Two keys, one after the other. */
  keys: string;
};
type Group = { label: keyof typeof shell; screens: Screen[] };

/** Every screen that is found from the frame, the palette and the keyboard. */
export const NAVIGATION: Group[] = [
  {
    label: "groupKnowledge",
    screens: [
      { to: "/", label: "overview", icon: HouseIcon, needs: "collection.read", keys: "g o" },
      {
        to: "/search",
        label: "search",
        icon: MagnifyingGlassIcon,
        needs: "unit.search",
        keys: "g s",
      },
      {
        to: "/publish",
        label: "publish",
        icon: UploadSimpleIcon,
        needs: "unit.publish",
        keys: "g p",
      },
      { to: "/review", label: "review", icon: SealCheckIcon, needs: "unit.revise", keys: "g v" },
    ],
  },
  {
    label: "groupAgents",
    screens: [
      { to: "/agents", label: "agents", icon: RobotIcon, needs: "agent.read", keys: "g a" },
      { to: "/tasks", label: "tasks", icon: ListChecksIcon, needs: "task.show", keys: "g t" },
      { to: "/queues", label: "queues", icon: StackIcon, needs: "queue.read", keys: "g q" },
      { to: "/events", label: "events", icon: PulseIcon, needs: "topic.read", keys: "g e" },
      {
        to: "/channels",
        label: "channels",
        icon: ChatCircleTextIcon,
        needs: "channel.read",
        keys: "g n",
      },
      {
        to: "/webhooks",
        label: "webhooks",
        icon: WebhooksLogoIcon,
        needs: "webhook.read",
        keys: "g h",
      },
    ],
  },
  {
    label: "groupOperation",
    screens: [
      { to: "/alerts", label: "alerts", icon: BellIcon, needs: "alert.read", keys: "g w" },
      { to: "/traces", label: "traces", icon: TreeStructureIcon, needs: "trace.read", keys: "g r" },
      { to: "/map", label: "map", icon: GraphIcon, needs: "metrics.read", keys: "g i" },
      { to: "/logs", label: "logs", icon: ListBulletsIcon, needs: "log.read", keys: "g l" },
    ],
  },
  {
    label: "groupAccount",
    screens: [
      { to: "/keys", label: "keys", icon: KeyIcon, needs: "key.read", keys: "g k" },
      { to: "/audit", label: "audit", icon: ShieldCheckIcon, needs: "audit.read", keys: "g u" },
      { to: "/settings", label: "settings", icon: GearSixIcon, needs: "account.read", keys: "g c" },
      { to: "/people", label: "people", icon: UsersThreeIcon, needs: "member.read", keys: "g m" },
      {
        to: "/policies",
        label: "policies",
        icon: ScalesIcon,
        needs: "policy.read",
        keys: "g d",
      },
      { to: "/you", label: "you", icon: UserCircleIcon, needs: "session.read", keys: "g y" },
    ],
  },
];
