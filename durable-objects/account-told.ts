import { type AuditEntry, entryFrom } from "#domain/audit/model.ts";
import { log } from "#domain/observability/log.ts";
import type { EventDraft } from "#domain/topics/event.ts";
import type { AuditLog } from "#objects/account-audit.ts";
import type { topicPort } from "#objects/topics.ts";

/** The newest entry that the topic has, as it was last stored. */
const TOLD = "auditTold";
const ENTRIES_AT_ONCE = 500;

/**
 * The topic `audit.logs` as a projection of an account's audit log: it follows by the entries' numbers, so nothing is kept
 * twice. How far it is lies in memory and is stored now and then: after a crash the last entries are told again, and known.
 */
export class AuditTold {
  readonly #storage: DurableObjectStorage;
  readonly #log: AuditLog;
  readonly #topics: ReturnType<typeof topicPort>;
  #told: number;
  #stored: number;
  #tells = false;

  constructor(storage: DurableObjectStorage, log: AuditLog, topics: ReturnType<typeof topicPort>) {
    [this.#storage, this.#log, this.#topics] = [storage, log, topics];
    this.#told = storage.kv.get<number>(TOLD) ?? 0;
    this.#stored = this.#told;
  }

  get isBehind(): boolean {
    return this.#log.size() > this.#told;
  }

  /** As far as the topic takes it now. */
  async tell(accountId: string): Promise<void> {
    if (this.#tells) return;
    this.#tells = true;
    try {
      while (this.isBehind) {
        const rows = this.#log.range(this.#told, ENTRIES_AT_ONCE);
        const last = rows.at(-1);
        if (last === undefined) return;
        const drafts = rows.flatMap(({ text }) => draftOf(entryFrom(text)));
        if (drafts.length > 0) {
          const taken = await this.#topics.append(accountId, "audit.logs", drafts);
          if (!taken.ok) return;
        }
        this.#told = last.seq;
      }
    } catch (error) {
      log("warn", "audit-not-told", { accountId, error: String(error) });
    } finally {
      this.#tells = false;
    }
  }

  keep(): void {
    if (this.#told === this.#stored) return;
    this.#storage.kv.put(TOLD, this.#told);
    this.#stored = this.#told;
  }
}

/** The entry as the log has it, but for its link: it names people by their pseudonyms, and holds no contents. */
function draftOf(entry: AuditEntry | null): EventDraft[] {
  if (entry === null) return [];
  const { prev: _, ...data } = entry;
  const { seq, at, actor, resource } = entry;
  const subject = resource.id ?? resource.type;
  // What one actor does stays in its order.
  const where = { subject, key: actor.id };
  return [{ id: `audit.${seq}`, type: "audit.recorded", timeMs: Date.parse(at), ...where, data }];
}
