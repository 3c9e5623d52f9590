import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import type { Asker, Heard, TopicNews } from "#domain/topics/news.ts";

/** Append-only: the objects with streams that are told, by name. */
export const LISTENER_STEP = "CREATE TABLE listener (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID";

/** A listener that did not answer is told again, so many times at once; then with the next event, and it reads what it missed. */
const FAILURES_MAX = 5;
const AGAIN_MS = 500;

/** Those who hear something are asked about again so long after it was known, before the objects would ask each for itself. */
const RENEW_AFTER_MS = 3_500;
const ASKED_TOGETHER = 512;

type Listener = {
  isBusy: boolean;
  missed: number | null;
  times: number;
  /** Who listens there, as far as it was said, and since when it is known that they may. */
  askers: Asker[];
  heardAtMs: number;
};
const newListener = (): Listener => ({
  isBusy: false,
  missed: null,
  times: 1,
  askers: [],
  heardAtMs: -Infinity,
});
type Named = [string, Listener];
type Needs = {
  sql: SqlStorage;
  make(): void;
  isMade(): boolean;
  /** Tells one. Who listens there; null where nobody wants to hear any more. */
  ring(name: string, news: TopicNews): Promise<Asker[] | null>;
  /** Whether they may, in their order; null where that is not known. */
  mayHear(askers: Asker[]): Promise<(Heard | null)[]>;
  /** What the partition has after an offset. */
  news(after: number): TopicNews;
};

/**
 * Who is told of what a partition appends. Each is told one thing at a time, and what comes meanwhile is one more thing, so
 * that one that is slow costs only itself. What is told is on disk: the gate of an object's output waits for it.
 */
export class TopicListeners {
  readonly #needs: Needs;
  #all: Map<string, Listener> | null = null;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  get isEmpty(): boolean {
    return this.#known.size === 0;
  }

  add(name: string): Result<null, Problem<"overloaded">> {
    const known = this.#known.get(name);
    if (known !== undefined) {
      known.times++;
      return ok(null);
    }
    if (this.#known.size >= LIMITS.topicListenersMax)
      return err({ code: "overloaded", detail: "too many listen to this topic", retryAfterS: 30 });
    this.#needs.make();
    this.#needs.sql.exec("INSERT OR IGNORE INTO listener VALUES (?)", name);
    this.#known.set(name, newListener());
    return ok(null);
  }

  /** Tells all of them of what came after an offset. Ends when everybody has been told. */
  async tell(after: number): Promise<void> {
    if (this.isEmpty) return;
    const news = this.#needs.news(after);
    const free: Named[] = [];
    for (const named of this.#known) {
      const [, listener] = named;
      if (listener.isBusy) listener.missed ??= after;
      else free.push(named);
      listener.isBusy = true;
    }
    const turns: Promise<void>[] = [];
    for (let i = 0; i < free.length; i += ASKED_TOGETHER)
      turns.push(this.#tellSome(free.slice(i, i + ASKED_TOGETHER), news));
    await Promise.all(turns);
  }

  async #tellSome(some: readonly Named[], news: TopicNews): Promise<void> {
    const heard = await this.#heardOf(some).catch(() => new Map<string, Heard[]>());
    await Promise.all(
      some.map(([name, listener]) => {
        const own = heard.get(name);
        return this.#told(name, listener, own === undefined ? news : { ...news, heard: own });
      }),
    );
  }

  /** Whether those who listen there may still hear it, asked for together where each object would have to ask for itself. */
  async #heardOf(some: readonly Named[]): Promise<Map<string, Heard[]>> {
    const nowMs = Date.now();
    const found = new Map<string, Heard[]>();
    const due = some.filter(
      ([, { askers, heardAtMs }]) => askers.length > 0 && nowMs - heardAtMs >= RENEW_AFTER_MS,
    );
    if (due.length < 2) return found;
    const answers = await this.#needs.mayHear(due.flatMap(([, { askers }]) => askers));
    let at = 0;
    for (const [name, listener] of due) {
      const own = answers.slice(at, (at += listener.askers.length)).filter((one) => one !== null);
      found.set(name, own);
      listener.heardAtMs = Math.min(nowMs, ...own.map(({ atMs }) => atMs));
    }
    return found;
  }

  async #told(name: string, listener: Listener, first: TopicNews): Promise<void> {
    let failures = 0;
    for (let news: TopicNews | null = first; news !== null;) {
      const { times } = listener;
      const askers = await this.#needs.ring(name, news).catch(() => undefined);
      // Whoever came back while this was asked wants it, whatever the answer was.
      if (askers === null && listener.times === times) return this.#drop(name);
      if (askers === undefined && ++failures >= FAILURES_MAX) break;
      if (askers === undefined) await scheduler.wait(AGAIN_MS * failures);
      else {
        failures = 0;
        listener.askers = askers ?? [];
        news = listener.missed === null ? null : this.#needs.news(listener.missed);
        listener.missed = null;
      }
    }
    listener.isBusy = false;
  }

  #drop(name: string): void {
    this.#known.delete(name);
    if (this.#needs.isMade()) this.#needs.sql.exec("DELETE FROM listener WHERE name = ?", name);
  }

  get #known(): Map<string, Listener> {
    this.#all ??= new Map(
      this.#needs.isMade()
        ? this.#needs.sql
            .exec<{ name: string }>("SELECT name FROM listener")
            .toArray()
            .map(({ name }) => [name, newListener()])
        : [],
    );
    return this.#all;
  }
}
