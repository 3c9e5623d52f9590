import {
  boundOf,
  dayName,
  dayOf,
  type DayState,
  HOLD_MS,
  mayHold,
  renewsInS,
} from "#domain/inference/budget.ts";
import type { Hold, Settlement } from "#domain/inference/infer.ts";
import type { InferenceKind } from "#domain/inference/models.ts";

export const INFERENCE_STEP = `
  CREATE TABLE inference_hold (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, model TEXT NOT NULL, tokens INTEGER NOT NULL, until_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE inference_use (
    day INTEGER NOT NULL, kind TEXT NOT NULL, model TEXT NOT NULL, calls INTEGER NOT NULL, prompt INTEGER NOT NULL,
    completion INTEGER NOT NULL, unsettled INTEGER NOT NULL, PRIMARY KEY (day, kind, model)
  ) STRICT, WITHOUT ROWID`;

/** Calls of one account that are under way. */
const HOLDS_MAX = 10_000;
const DAYS_KEPT = 400;
const OWN_BOUND = "inferenceTokensPerDay";
/** Days of one answer. */
const DAYS_SHOWN = 31;

export type Held =
  | { state: "held" }
  | { state: "spent"; bound: number; left: number; retryAfterS: number }
  | { state: "full"; retryAfterS: number };

export type UseRow = {
  day: string;
  kind: InferenceKind;
  model: string;
  calls: number;
  promptTokens: number;
  completionTokens: number;
  unsettledTokens: number;
};

type HoldRow = { id: string; kind: string; model: string; tokens: number; until_ms: number };

/** What an account may spend on models, and what it did (domain/inference/budget.ts). Part of `Account`. */
export class AccountInference {
  readonly #storage: DurableObjectStorage;
  /** Those of the table, by id; oldest first. */
  readonly #holds = new Map<string, HoldRow>();
  #today: DayState;

  constructor(storage: DurableObjectStorage, nowMs: number) {
    this.#storage = storage;
    for (const row of storage.sql.exec<HoldRow>("SELECT * FROM inference_hold ORDER BY until_ms"))
      this.#holds.set(row.id, row);
    this.#today = this.#read(nowMs);
  }

  /** A hold that is repeated is held once. */
  hold({ id, kind, model, tokens }: Hold, plan: number | null, nowMs: number): Held {
    this.#turn(nowMs);
    if (this.#holds.has(id)) return { state: "held" };
    const bound = boundOf(plan, this.ownBound());
    if (bound !== null && !mayHold(this.#today, tokens, bound)) {
      const left = Math.max(0, bound - this.#today.spent - this.#today.held);
      return { state: "spent", bound, left, retryAfterS: renewsInS(nowMs) };
    }
    if (this.#holds.size >= HOLDS_MAX) return { state: "full", retryAfterS: 1 };
    const row = { id, kind, model, tokens, until_ms: nowMs + HOLD_MS };
    this.#storage.sql.exec(
      "INSERT INTO inference_hold VALUES (?, ?, ?, ?, ?)",
      id,
      kind,
      model,
      tokens,
      row.until_ms,
    );
    this.#holds.set(id, row);
    this.#today.held += tokens;
    return { state: "held" };
  }

  /** What calls took instead of what they held; a hold that has ended was counted, and is not counted again. */
  settle(settlements: readonly Settlement[], nowMs: number): void {
    this.#turn(nowMs);
    this.#storage.transactionSync(() => {
      for (const { id, prompt, completion } of settlements) {
        const held = this.#holds.get(id);
        if (held !== undefined) this.#end(held, { prompt, completion, unsettled: 0 }, nowMs);
      }
    });
  }

  ownBound(): number | null {
    return this.#storage.kv.get<number>(OWN_BOUND) ?? null;
  }

  bind(bound: number | null): void {
    if (bound === null) this.#storage.kv.delete(OWN_BOUND);
    else this.#storage.kv.put(OWN_BOUND, bound);
  }

  /** The last days, newest first, and how today stands. */
  state(nowMs: number) {
    this.#turn(nowMs);
    const rows = this.#storage.sql
      .exec<{ day: number } & Record<string, number | string>>(
        "SELECT * FROM inference_use WHERE day > ? ORDER BY day DESC, kind, model",
        this.#today.day - DAYS_SHOWN,
      )
      .toArray();
    const days: UseRow[] = rows.map((row) => ({
      day: dayName(row.day),
      kind: row["kind"] as InferenceKind,
      model: String(row["model"]),
      calls: Number(row["calls"]),
      promptTokens: Number(row["prompt"]),
      completionTokens: Number(row["completion"]),
      unsettledTokens: Number(row["unsettled"]),
    }));
    const { spent, held } = this.#today;
    return { spent, held, ownBound: this.ownBound(), renewsInS: renewsInS(nowMs), days };
  }

  /** Ends what nobody will settle any more, and begins the day. */
  #turn(nowMs: number): void {
    for (const held of this.#holds.values()) {
      if (held.until_ms > nowMs) break;
      this.#end(held, { prompt: 0, completion: 0, unsettled: held.tokens }, nowMs);
    }
    if (dayOf(nowMs) === this.#today.day) return;
    this.#today = this.#read(nowMs);
    this.#storage.sql.exec("DELETE FROM inference_use WHERE day < ?", this.#today.day - DAYS_KEPT);
  }

  #end(
    { id, kind, model, tokens }: HoldRow,
    { prompt, completion, unsettled }: { prompt: number; completion: number; unsettled: number },
    nowMs: number,
  ): void {
    const { sql } = this.#storage;
    const day = dayOf(nowMs);
    sql.exec("DELETE FROM inference_hold WHERE id = ?", id);
    sql.exec(
      `INSERT INTO inference_use VALUES (?, ?, ?, 1, ?, ?, ?) ON CONFLICT DO UPDATE SET calls = calls + 1,
         prompt = prompt + excluded.prompt, completion = completion + excluded.completion,
         unsettled = unsettled + excluded.unsettled`,
      day,
      kind,
      model,
      prompt,
      completion,
      unsettled,
    );
    this.#holds.delete(id);
    this.#today.held -= tokens;
    if (day === this.#today.day) this.#today.spent += prompt + completion + unsettled;
  }

  #read(nowMs: number): DayState {
    const day = dayOf(nowMs);
    const { spent } = this.#storage.sql
      .exec<{ spent: number }>(
        "SELECT coalesce(sum(prompt + completion + unsettled), 0) AS spent FROM inference_use WHERE day = ?",
        day,
      )
      .one();
    let held = 0;
    for (const { tokens } of this.#holds.values()) held += tokens;
    return { day, spent, held };
  }
}
