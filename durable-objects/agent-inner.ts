import { AgentAway, AWAY_STEP } from "#objects/agent-away.ts";
import {
  AgentDelegation,
  DELEGATION_END_STEP,
  DELEGATION_STEP,
} from "#objects/agent-delegation.ts";
import { AgentDelivery } from "#objects/agent-delivery.ts";
import { AgentEnvelopes, ENVELOPE_STEP } from "#objects/agent-envelopes.ts";
import { AgentLife } from "#objects/agent-life.ts";
import { AgentMailbox } from "#objects/agent-mailbox.ts";
import type { AgentPart } from "#objects/agent-parts.ts";
import { AgentQuality } from "#objects/agent-quality.ts";
import { AgentReleases, RELEASE_STEP } from "#objects/agent-releases.ts";
import { AgentTaskDesk, TASK_DUE_STEP } from "#objects/agent-task-desk.ts";
import { AgentTold } from "#objects/agent-told.ts";
import { EVENT_OUT_STEP } from "#objects/event-outbox.ts";
import {
  AgentTaskPush,
  TASK_PUSH_LAST_STEP,
  TASK_PUSH_STEP,
  TASK_PUSH_TRACE_STEP,
} from "#objects/agent-task-push.ts";
import { TASK_SPAN_STEP, TASK_STEPS } from "#objects/agent-task-rows.ts";
import { MAILBOX_STEP, MAILBOX_TRACE_STEP } from "#objects/mailbox-tables.ts";
import { isMigrated, migrate } from "#objects/migrate.ts";

/** Append-only, whichever part a step belongs to. */
const STEPS: readonly string[] = [
  MAILBOX_STEP,
  ...TASK_STEPS,
  DELEGATION_STEP,
  ENVELOPE_STEP,
  TASK_PUSH_STEP,
  RELEASE_STEP,
  DELEGATION_END_STEP,
  TASK_PUSH_LAST_STEP,
  TASK_DUE_STEP,
  AWAY_STEP,
  MAILBOX_TRACE_STEP,
  EVENT_OUT_STEP,
  TASK_SPAN_STEP,
  TASK_PUSH_TRACE_STEP,
];

/** What an agent's object is made of, its sessions apart: they need no table. */
export type AgentInner = {
  mailbox: AgentMailbox;
  tasks: AgentTaskDesk;
  delivery: AgentDelivery;
  quality: AgentQuality;
  delegation: AgentDelegation;
  away: AgentAway;
  releases: AgentReleases;
  life: AgentLife;
  others: readonly AgentPart[];
};

/** Whether there is anything in it: an object that only holds a session has no table, and takes half the memory. */
export const hasInner = ({ storage }: DurableObjectState): boolean => isMigrated(storage);

type Hooks = {
  /** Something may fall due sooner than before. */
  wake(): Promise<void>;
  /** Its agent may not go on. */
  endSessions(): void;
};

export function agentInner(ctx: DurableObjectState, env: Env, hooks: Hooks): AgentInner {
  const { storage } = ctx;
  migrate(storage, STEPS);
  const mailbox = new AgentMailbox(storage, () => ctx.waitUntil(hooks.wake()));
  const quality = new AgentQuality(ctx, env);
  const envelopes = new AgentEnvelopes(storage.sql);
  const pushes = new AgentTaskPush(ctx, env, () => void hooks.wake());
  const tasks = new AgentTaskDesk(storage, mailbox, {
    did: (doing, nowMs) => quality.did(doing, nowMs),
    admit: (envelope) => envelopes.admit(envelope),
    push: (...event) => pushes.add(...event),
  });
  const delivery = new AgentDelivery({
    storage,
    mailbox,
    wake: () => void hooks.wake(),
    tell: () => env.DELIVERY.getByName(ctx.id.name ?? "").wake(),
  });
  const delegation = new AgentDelegation(storage, env);
  const away = new AgentAway(ctx, env, delegation, quality);
  mailbox.whoDelegated((seqs) => delegation.hopsOf(seqs));
  const life = new AgentLife(ctx, env, () => {
    mailbox.recall();
    delegation.cancelMade(null, Date.now());
    hooks.endSessions();
  });
  const releases = new AgentReleases(storage);
  const told = new AgentTold(ctx, env, mailbox, () => void hooks.wake());
  const others = [delivery, envelopes, quality, delegation, life, pushes, tasks, told];
  return { mailbox, tasks, delivery, quality, delegation, away, releases, life, others };
}
