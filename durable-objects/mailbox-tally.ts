import type { Filling, Held } from "#domain/mailbox/room.ts";

/** Under which everybody's messages are counted, and all other accounts'; no account has such an id. */
const [ALL, FOREIGN] = ["", "*"];

/**
 * What a mailbox counts: places and tokens given so far, and what it holds of whom. Read when it is first asked for,
 * written once a transaction, whatever changed in it.
 */
export class MailboxTally {
  readonly #sql: SqlStorage;
  #newest: number | null = null;
  #storedNewest = 0;
  readonly #held = new Map<string, Held>();
  readonly #changed = new Set<string>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Never given before in this mailbox. */
  next(): number {
    if (this.#newest === null) {
      const [row] = this.#sql.exec<{ newest: number }>("SELECT newest FROM mailbox");
      this.#newest = this.#storedNewest = row?.newest ?? 0;
    }
    return ++this.#newest;
  }

  filling(accountId: string): Filling {
    return { all: this.#of(ALL), foreign: this.#of(FOREIGN), sender: this.#of(accountId) };
  }

  add(accountId: string, isOwn: boolean, messages: number, bytes: number): void {
    for (const who of isOwn ? [ALL, accountId] : [ALL, FOREIGN, accountId]) {
      const held = this.#of(who);
      held.messages += messages;
      held.bytes += bytes;
      this.#changed.add(who);
    }
  }

  isEmpty(): boolean {
    return this.#of(ALL).messages === 0;
  }

  store(): void {
    if (this.#newest !== null && this.#newest !== this.#storedNewest) {
      this.#sql.exec("INSERT OR REPLACE INTO mailbox VALUES (1, ?)", this.#newest);
      this.#storedNewest = this.#newest;
    }
    for (const who of this.#changed) {
      const { messages, bytes } = this.#of(who);
      if (messages > 0)
        this.#sql.exec(
          "INSERT OR REPLACE INTO mailbox_held VALUES (?, ?, ?)",
          who,
          messages,
          bytes,
        );
      else this.#sql.exec("DELETE FROM mailbox_held WHERE who = ?", who);
      // As many senders as there are messages at most, and those who have none are not remembered.
      if (messages === 0) this.#held.delete(who);
    }
    this.#changed.clear();
  }

  forget(): void {
    this.#newest = null;
    this.#held.clear();
    this.#changed.clear();
  }

  #of(who: string): Held {
    let held = this.#held.get(who);
    if (held === undefined) {
      const [row] = this.#sql.exec<Held>(
        "SELECT messages, bytes FROM mailbox_held WHERE who = ?",
        who,
      );
      held = { messages: row?.messages ?? 0, bytes: row?.bytes ?? 0 };
      this.#held.set(who, held);
    }
    return held;
  }
}
