import { agentStore } from "#db/catalog/agents.ts";
import { deadLetterEvent } from "#domain/agents/happenings.ts";
import type { AgentMailbox } from "#objects/agent-mailbox.ts";
import type { AgentPart } from "#objects/agent-parts.ts";
import { EventOutbox } from "#objects/event-outbox.ts";
import { topicPort } from "#objects/topics.ts";

/** Place, cause, kind and time of a message that died, and its trace where it carries one. */
type Note = [seq: number, cause: string, kind: string, atMs: number, traceparent?: string];
const ACCOUNT = "toldAccountId";
const ID_CHARS = 12;

/** Tells the topic `agent.events` of messages that become dead letters; it is an agent's object that knows of them first. */
export class AgentTold implements AgentPart {
  readonly #ctx: DurableObjectState;
  readonly #env: Env;
  readonly #outbox: EventOutbox<Note>;
  #accountId: string | null;
  #isNew = false;

  constructor(ctx: DurableObjectState, env: Env, mailbox: AgentMailbox, wake: () => void) {
    [this.#ctx, this.#env] = [ctx, env];
    const { sql, kv } = ctx.storage;
    this.#accountId = kv.get<string>(ACCOUNT) ?? null;
    this.#outbox = this.#newOutbox();
    mailbox.whenGone((_, seq, how, nowMs) => {
      if (how !== "dead") return;
      const [row] = sql.exec<{ cause: string; kind: string; traceparent: string | null }>(
        "SELECT cause, kind, traceparent FROM message WHERE seq = ?",
        seq,
      );
      if (row === undefined) return;
      const { cause, kind, traceparent } = row;
      const note: Note = [seq, cause, kind, nowMs];
      if (traceparent !== null) note.push(traceparent);
      this.#outbox.note(note);
      this.#outbox.write();
      if (this.#isNew) return;
      this.#isNew = true;
      // Once the transaction is over, whichever way: what is in the table then is what happened.
      queueMicrotask(wake);
    });
  }

  dueMs(): number | null {
    const dueMs = this.#isNew ? 1 : this.#outbox.dueMs;
    return dueMs === Infinity ? null : dueMs;
  }

  async work(): Promise<void> {
    this.#isNew = false;
    this.#outbox.reload();
    this.#accountId ??= await this.#owner();
    await this.#outbox.work();
  }

  /** Null where the agent is gone: then there is nobody to tell. */
  async #owner(): Promise<string | null> {
    const record = await agentStore([this.#env.CATALOG_0]).agent(this.#ctx.id.name ?? "");
    if (record !== null) this.#ctx.storage.kv.put(ACCOUNT, record.accountId);
    return record?.accountId ?? null;
  }

  #newOutbox(): EventOutbox<Note> {
    const topics = topicPort(this.#env);
    const agentId = this.#ctx.id.name ?? "";
    return new EventOutbox<Note>({
      sql: this.#ctx.storage.sql,
      append: (accountId, drafts) => topics.append(accountId, "agent.events", drafts),
      eventOf: ([seq, cause, kind, atMs, traceparent], id) =>
        this.#accountId === null
          ? null
          : {
              accountId: this.#accountId,
              draft: {
                ...deadLetterEvent(agentId, { seq, cause, kind, atMs }, id),
                ...(traceparent !== undefined && { traceparent }),
              },
            },
      newId: () => crypto.randomUUID().slice(-ID_CHARS),
      nowMs: Date.now,
    });
  }
}
