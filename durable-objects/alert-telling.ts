import type { Alert } from "#domain/alerts/alert.ts";
import { NOTHING_TO_TELL, type Telling } from "#domain/alerts/model.ts";
import {
  dedupKeyOf,
  deliveryNameOf,
  noticeText,
  opsgenieRequest,
  pagerDutyEvent,
  type Teller,
  webhookEvent,
} from "#domain/alerts/payloads.ts";
import { aboutOf, channelOf, conversationOf } from "#domain/channels/model.ts";
import { channelStore } from "#db/catalog/channels.ts";
import type { DeliveryItem, Endpoint } from "#domain/delivery/model.ts";
import { log } from "#domain/observability/log.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { StoredRoute } from "#objects/alert-rows.ts";

type TellRow = {
  n: number;
  route_id: string;
  body: string;
  due_ms: number;
  attempts: number;
  created_ms: number;
};
type Needs = Pick<Env, "CATALOG_0" | "CHANNEL" | "DELIVERY" | "NOTICES" | "WISHUB_PUBLIC_URL">;

/** Rows of a round, over all routes. */
const AT_ONCE = 200;
/** What cannot be handed on is tried again after 10, 20, 40 … s, at most 10 min, for a day: nobody wants to hear it later. */
const AGAIN_MS = 10_000;
const AGAIN_MS_MAX = 600_000;
const LIFE_MS = 86_400_000;
/** What every vendor takes as one message. */
const SAID_CHARS_MAX = 650;
const FULL = "its receiver has no room for more";

const HEADS = "SELECT min(n) FROM tell GROUP BY route_id";

/** Hands what is to be told to whoever sends it: the row goes once the receiver's object has it. */
export class AlertTelling {
  readonly #sql: SqlStorage;
  readonly #env: Needs;

  constructor(sql: SqlStorage, env: Needs) {
    [this.#sql, this.#env] = [sql, env];
  }

  /** When there is something to hand on; Infinity where nothing waits. */
  dueMs(): number {
    return (
      this.#sql
        .exec<{ at: number | null }>(`SELECT min(due_ms) AS at FROM tell WHERE n IN (${HEADS})`)
        .one().at ?? Infinity
    );
  }

  /** By route, of those that anything waits for, or that ever failed. */
  states(): Map<string, Telling> {
    const all = new Map<string, Telling>();
    for (const { route_id: id, ...row } of this.#sql.exec<{
      route_id: string;
      given_up: number;
      reason: string;
      at_ms: number;
    }>("SELECT * FROM trouble"))
      all.set(id, {
        waiting: 0,
        givenUp: row.given_up,
        lastFailure: { reason: row.reason, atMs: row.at_ms },
      });
    for (const { route_id: id, waiting } of this.#sql.exec<{ route_id: string; waiting: number }>(
      "SELECT route_id, count(*) AS waiting FROM tell GROUP BY route_id",
    ))
      all.set(id, { ...(all.get(id) ?? NOTHING_TO_TELL), waiting });
    return all;
  }

  /** The oldest of each route in turn, so that none waits for what is told elsewhere. */
  async work(accountId: string, routes: readonly StoredRoute[], nowMs: number): Promise<void> {
    const byId = new Map(routes.map((route) => [route.id, route]));
    for (let left = AT_ONCE; left > 0;) {
      const heads = this.#sql
        .exec<TellRow>(
          `SELECT * FROM tell WHERE n IN (${HEADS}) AND due_ms <= ? ORDER BY due_ms, n LIMIT ?`,
          nowMs,
          left,
        )
        .toArray();
      if (heads.length === 0) return;
      left -= heads.length;
      for (const row of heads) {
        const route = byId.get(row.route_id);
        const failure =
          route === undefined
            ? null
            : await this.#hand(accountId, route, JSON.parse(row.body) as Alert).catch(String);
        if (failure === null) this.#sql.exec("DELETE FROM tell WHERE n = ?", row.n);
        else this.#failed(row, failure, nowMs);
      }
    }
  }

  /** All that waits for its route waits with it: nobody hears that something is over before they hear of it. */
  #failed(
    { n, route_id: routeId, attempts, created_ms: createdMs, body }: TellRow,
    reason: string,
    nowMs: number,
  ) {
    const { id, state } = JSON.parse(body) as Alert;
    const isOver = nowMs - createdMs >= LIFE_MS;
    if (isOver) log("error", "alert-given-up", { routeId, alertId: id, reason });
    else log("warn", "alert-not-handed-on", { routeId, alertId: id, reason });
    this.#sql.exec(
      `INSERT INTO trouble (route_id, given_up, reason, at_ms) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (route_id) DO UPDATE
         SET given_up = given_up + ?2, reason = excluded.reason, at_ms = excluded.at_ms`,
      routeId,
      isOver ? 1 : 0,
      reason.slice(0, LIMITS.noticeReasonCharsMax),
      nowMs,
    );
    if (!isOver) {
      const againMs = nowMs + Math.min(AGAIN_MS * 2 ** Math.min(attempts, 10), AGAIN_MS_MAX);
      this.#sql.exec("UPDATE tell SET attempts = attempts + 1 WHERE n = ?", n);
      this.#sql.exec("UPDATE tell SET due_ms = ? WHERE route_id = ?", againMs, routeId);
      return;
    }
    this.#sql.exec("DELETE FROM tell WHERE n = ?", n);
    if (state !== "firing") return;
    // Who never heard of it need not hear that it is over.
    this.#sql.exec("DELETE FROM heard WHERE alert_id = ? AND route_id = ?", id, routeId);
    this.#sql.exec(
      "DELETE FROM tell WHERE route_id = ? AND json_extract(body, '$.id') = ?",
      routeId,
      id,
    );
  }

  /** Null once the receiver's object has it, else why not. The same id each time: whoever has it already takes it once. */
  async #hand(accountId: string, route: StoredRoute, alert: Alert): Promise<string | null> {
    const teller: Teller = { publicUrl: this.#env.WISHUB_PUBLIC_URL, accountId };
    const id = `${alert.id}.${alert.state}.${route.id}`;
    if (route.kind === "email" || route.kind === "push") {
      const { subject, text } = noticeText(alert, teller);
      const about = dedupKeyOf(alert, teller);
      const to = { sealedTo: route.sealed["to"] ?? null, principalId: route.principalId };
      const notice = { id, kind: route.kind, ...to, subject, text, about };
      const isTaken = await this.#env.NOTICES.getByName(accountId).add(accountId, [notice]);
      return isTaken ? null : FULL;
    }
    if (route.kind === "channel")
      return await this.#say(accountId, route.url ?? "", id, noticeText(alert, teller));
    const { endpoint, body, path } = deliveryOf(accountId, route, alert, teller);
    const item: DeliveryItem = { id, lane: alert.id, body: JSON.stringify(body), path };
    const object = this.#env.DELIVERY.getByName(deliveryNameOf(accountId, route.id));
    const taken = await object.keep(endpoint, [item]);
    return taken.ok ? null : FULL;
  }

  /** In a channel's conversation; done with where the channel is not there any more. */
  async #say(
    accountId: string,
    conversationId: string,
    id: string,
    { subject, text }: { subject: string; text: string },
  ): Promise<string | null> {
    const channelId = channelOf(conversationId);
    const record = await channelStore([this.#env.CATALOG_0]).channel(channelId);
    const lane = conversationOf(channelId, conversationId);
    if (record === null || record.accountId !== accountId || lane === null) return null;
    const body = JSON.stringify({ text: `${subject}\n${text}`.trim().slice(0, SAID_CHARS_MAX) });
    const said = await this.#env.CHANNEL.getByName(channelId).enqueue(aboutOf(record), {
      id: id.replaceAll(/[^\w]/g, "_"),
      lane,
      body,
    });
    return said.ok ? null : FULL;
  }
}

/** What is delivered to whom. */
function deliveryOf(
  accountId: string,
  route: StoredRoute,
  alert: Alert,
  teller: Teller,
): { endpoint: Endpoint; body: object; path: string } {
  const pushed: Endpoint = {
    accountId,
    agentId: null,
    url: route.url ?? "",
    form: "push",
    secrets: [],
    sealedHeaders: route.sealed["headers"] ?? null,
  };
  switch (route.kind) {
    case "pagerduty": {
      const endpoint = { ...pushed, sealedMembers: route.sealed["members"] ?? null };
      return { endpoint, body: pagerDutyEvent(alert, teller), path: "" };
    }
    case "opsgenie":
      return { endpoint: pushed, ...opsgenieRequest(alert, teller) };
    default: {
      const secrets = [{ sealed: route.sealed["secret"] ?? "", untilMs: null }];
      const endpoint: Endpoint = { ...pushed, form: "webhook", secrets };
      return { endpoint, body: webhookEvent(alert), path: "" };
    }
  }
}
