import type { Alert, Route, Silence } from "#domain/alerts/alert.ts";
import type { Standing } from "#domain/alerts/advance.ts";
import type { AlertState, TargetKind } from "#domain/alerts/model.ts";
import type { Rule } from "#domain/alerts/rules.ts";
import { trackedKey, type Tracked } from "#domain/alerts/round.ts";
import { LIMITS } from "#domain/shared/limits.ts";

/**
 * Append-only. `heard`: which routes were told that it fires (before there was that, `told`). `seen_ms`, `standing`: where the alert's rule had come to
 * (domain/alerts/round.ts), of those that are pending or fire. `tell`: what is to be told, until the receiver's object has it.
 * `trouble`: why the last one could not be handed on, and how many were given up.
 */
export const ALERT_STEPS = [
  `CREATE TABLE rule (id TEXT PRIMARY KEY, body TEXT NOT NULL, version INTEGER NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE silence (id TEXT PRIMARY KEY, until_ms INTEGER NOT NULL, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE route (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE alert (
     seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, state TEXT NOT NULL, body TEXT NOT NULL,
     seen_ms INTEGER NOT NULL, standing TEXT, told INTEGER NOT NULL DEFAULT 0
   ) STRICT;
   CREATE INDEX alert_state ON alert (state, seq);
   CREATE TABLE tell (
     n INTEGER PRIMARY KEY AUTOINCREMENT, route_id TEXT NOT NULL, body TEXT NOT NULL, due_ms INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX tell_due ON tell (due_ms)`,
  `ALTER TABLE tell ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE tell ADD COLUMN created_ms INTEGER NOT NULL DEFAULT 0;
   UPDATE tell SET created_ms = due_ms;
   CREATE INDEX tell_route ON tell (route_id, n);
   CREATE TABLE heard (alert_id TEXT NOT NULL, route_id TEXT NOT NULL, PRIMARY KEY (alert_id, route_id)) STRICT, WITHOUT ROWID;
   INSERT INTO heard SELECT alert.id, route.id FROM alert, route WHERE alert.told = 1 AND alert.state = 'firing';
   CREATE TABLE trouble (
     route_id TEXT PRIMARY KEY, given_up INTEGER NOT NULL, reason TEXT NOT NULL, at_ms INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID`,
];

/** A route as it is kept: what is secret in it is sealed under the account's key, for whoever sends (alert-telling.ts). */
export type StoredRoute = Route & {
  kind: TargetKind;
  url: string | null;
  /** Who made it: a push goes to their browsers. */
  principalId: string;
  sealed: Readonly<Record<string, string>>;
  createdAtMs: number;
};

type AlertRow = {
  seq: number;
  id: string;
  state: AlertState;
  body: string;
  seen_ms: number;
  standing: string | null;
};

/** The rows of one account's alerts. Whoever calls puts what belongs together into one transaction. */
export class AlertRows {
  readonly #sql: SqlStorage;
  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  rules(): { rule: Rule; version: number }[] {
    return this.#sql
      .exec<{ body: string; version: number }>("SELECT body, version FROM rule ORDER BY id")
      .toArray()
      .map(({ body, version }) => ({ rule: JSON.parse(body) as Rule, version }));
  }

  setRule(rule: Rule, version: number): void {
    this.#sql.exec(
      "INSERT INTO rule VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body, version = excluded.version",
      rule.id,
      JSON.stringify(rule),
      version,
    );
  }

  dropRule(id: string): boolean {
    return this.#sql.exec("DELETE FROM rule WHERE id = ?", id).rowsWritten > 0;
  }

  /** In force or still to come; those that are over are taken away. */
  silences(nowMs: number): Silence[] {
    this.#sql.exec("DELETE FROM silence WHERE until_ms <= ?", nowMs);
    return this.#bodies<Silence>("SELECT body FROM silence ORDER BY until_ms, id");
  }

  addSilence(silence: Silence): void {
    this.#sql.exec(
      "INSERT INTO silence VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING",
      silence.id,
      silence.untilMs,
      JSON.stringify(silence),
    );
  }

  dropSilence(id: string): boolean {
    return this.#sql.exec("DELETE FROM silence WHERE id = ?", id).rowsWritten > 0;
  }

  routes(): StoredRoute[] {
    return this.#bodies<StoredRoute>("SELECT body FROM route ORDER BY id");
  }

  addRoute(route: StoredRoute): void {
    this.#sql.exec(
      "INSERT INTO route VALUES (?, ?) ON CONFLICT (id) DO NOTHING",
      route.id,
      JSON.stringify(route),
    );
  }

  dropRoute(id: string): boolean {
    for (const table of ["tell", "heard", "trouble"])
      this.#sql.exec(`DELETE FROM ${table} WHERE route_id = ?`, id);
    return this.#sql.exec("DELETE FROM route WHERE id = ?", id).rowsWritten > 0;
  }

  /** What is pending or fires, by the key of what it is about. */
  open(): Map<string, { alert: Alert; tracked: Tracked }> {
    const rows = this.#sql
      .exec<AlertRow>("SELECT * FROM alert WHERE state IN ('pending', 'firing') ORDER BY seq")
      .toArray();
    return new Map(
      rows.map((row) => {
        const alert = JSON.parse(row.body) as Alert;
        const { ruleId, labels } = alert;
        const standing = row.standing === null ? null : (JSON.parse(row.standing) as Standing);
        const tracked = { ruleId, labels, standing, seenMs: row.seen_ms };
        return [trackedKey(ruleId, labels), { alert, tracked }];
      }),
    );
  }

  put(alert: Alert, { standing, seenMs }: Pick<Tracked, "standing" | "seenMs">): void {
    this.#sql.exec(
      `INSERT INTO alert (id, state, body, seen_ms, standing) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE
         SET state = excluded.state, body = excluded.body, seen_ms = excluded.seen_ms, standing = excluded.standing`,
      alert.id,
      alert.state,
      JSON.stringify(alert),
      seenMs,
      standing === null ? null : JSON.stringify(standing),
    );
    if (alert.state === "resolved")
      this.#sql.exec(
        `DELETE FROM alert WHERE state = 'resolved' AND seq <= (
           SELECT seq FROM alert WHERE state = 'resolved' ORDER BY seq DESC LIMIT 1 OFFSET ?)`,
        LIMITS.alertsResolvedKept,
      );
  }

  /** One that never fired. */
  drop(id: string): void {
    this.#sql.exec("DELETE FROM alert WHERE id = ?", id);
  }

  /** Which routes were told of each alert that fires. */
  heard(): Map<string, Set<string>> {
    const rows = this.#sql
      .exec<{ alert_id: string; route_id: string }>("SELECT alert_id, route_id FROM heard")
      .toArray();
    const all = new Map<string, Set<string>>();
    for (const { alert_id: id, route_id: route } of rows)
      all.set(id, (all.get(id) ?? new Set()).add(route));
    return all;
  }

  hears(alert: Alert, routeId: string, nowMs: number): void {
    this.#sql.exec(
      "INSERT INTO heard (alert_id, route_id) VALUES (?, ?) ON CONFLICT DO NOTHING",
      alert.id,
      routeId,
    );
    this.tell(routeId, alert, nowMs);
  }

  /** Forgets who heard that it fires, and answers them. */
  heardEnd(alertId: string): string[] {
    return this.#sql
      .exec<{ route_id: string }>(
        "DELETE FROM heard WHERE alert_id = ? RETURNING route_id",
        alertId,
      )
      .toArray()
      .map((row) => row.route_id);
  }

  /** Whether there is anything that a round could change or tell. */
  isInUse(): boolean {
    return (
      this.#sql
        .exec<{ n: number }>(
          `SELECT EXISTS (SELECT 1 FROM rule) + EXISTS (SELECT 1 FROM route) + EXISTS (SELECT 1 FROM tell)
             + EXISTS (SELECT 1 FROM alert WHERE state IN ('pending', 'firing')) AS n`,
        )
        .one().n > 0
    );
  }

  /** Whether something is pending, fires or is on its way to somebody. */
  isBusy(): boolean {
    return (
      this.#sql
        .exec<{ n: number }>(
          `SELECT EXISTS (SELECT 1 FROM tell)
             + EXISTS (SELECT 1 FROM alert WHERE state IN ('pending', 'firing')) AS n`,
        )
        .one().n > 0
    );
  }

  /** Newest first, before this number. */
  page(
    state: AlertState | null,
    beforeSeq: number,
    limit: number,
  ): { seq: number; alert: Alert }[] {
    const where = state === null ? "" : "state = ? AND";
    const values = state === null ? [] : [state];
    return this.#sql
      .exec<AlertRow>(
        `SELECT * FROM alert WHERE ${where} seq < ? ORDER BY seq DESC LIMIT ?`,
        ...values,
        beforeSeq,
        limit,
      )
      .toArray()
      .map(({ seq, body }) => ({ seq, alert: JSON.parse(body) as Alert }));
  }

  /** After whatever waits for that route. */
  tell(routeId: string, alert: Alert, nowMs: number): void {
    this.#sql.exec(
      `INSERT INTO tell (route_id, body, due_ms, created_ms)
         SELECT ?1, ?2, max(?3, coalesce(max(due_ms), 0)), ?3 FROM tell WHERE route_id = ?1`,
      routeId,
      JSON.stringify(alert),
      nowMs,
    );
  }

  #bodies<T>(query: string): T[] {
    return this.#sql
      .exec<{ body: string }>(query)
      .toArray()
      .map(({ body }) => JSON.parse(body) as T);
  }
}
