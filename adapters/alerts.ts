import type { keyRing } from "#adapters/key-ring.ts";
import { mayBeReached } from "#adapters/egress.ts";
import type { Silence } from "#domain/alerts/alert.ts";
import {
  isPosted,
  placeOf,
  type RouteInput,
  type RouteRecord,
  type TargetInput,
  toldBy,
} from "#domain/alerts/model.ts";
import { deliveryNameOf } from "#domain/alerts/payloads.ts";
import type { Reach, Rule } from "#domain/alerts/rules.ts";
import { HEADERS_FIELD, MEMBERS_FIELD, SECRET_FIELD } from "#domain/delivery/model.ts";
import { RECIPIENT_FIELD } from "#domain/notices/notice.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

type Asker = { accountId: string; principalId: string };
type Made = { id: string; createdAtMs: number };

/** The alerts of accounts: one object each. What is secret in a route leaves here sealed. */
export function alertPort(env: Env, ring: ReturnType<typeof keyRing>) {
  const of = (accountId: string) => env.ALERTS.getByName(accountId);
  const deliveryOf = (accountId: string, routeId: string) =>
    env.DELIVERY.getByName(deliveryNameOf(accountId, routeId));
  return {
    of,
    setRule: (accountId: string, reach: Reach, rule: Rule, expected: number | null) =>
      of(accountId).setRule({ accountId, reach }, rule, expected),
    silence: (accountId: string, reach: Reach, silence: Silence) =>
      of(accountId).silence({ accountId, reach }, silence),

    /** With how telling each of them goes, up to the receiver's own answer. */
    async routes(accountId: string): Promise<RouteRecord[]> {
      const routes = await of(accountId).routes();
      return await Promise.all(
        routes.map(async (route) => {
          if (!isPosted(route.kind)) return route;
          const delivery = await deliveryOf(accountId, route.id).state();
          return { ...route, telling: toldBy(route.telling, delivery) };
        }),
      );
    },

    /** False where there is no such route. */
    async dropRoute(accountId: string, id: string): Promise<boolean> {
      const isGone = await of(accountId).dropRoute(id);
      if (isGone) await deliveryOf(accountId, id).close();
      return isGone;
    },

    /** A new route, or false where the account has as many as it may. `secret` is a webhook's. */
    async addRoute(
      { accountId, principalId }: Asker,
      reach: Reach,
      { target, ...rest }: RouteInput,
      { id, createdAtMs, secret }: Made & { secret: string | null },
    ): Promise<Result<boolean, Problem<"egress-refused">>> {
      const url = placeOf(target);
      const refusal = "url" in target ? mayBeReached(env, target.url) : null;
      if (refusal !== null) return err(refusal);
      const fields = Object.entries(secretsOf(target, secret));
      const sealed = await Promise.all(
        fields.map(async ([name, { field, text }]) => [
          name,
          await ring.seal({ account: accountId }, field, text),
        ]),
      );
      const added = await of(accountId).addRoute(
        { accountId, reach },
        {
          id,
          createdAtMs,
          ...rest,
          kind: target.kind,
          url,
          principalId,
          sealed: Object.fromEntries(sealed) as Record<string, string>,
        },
      );
      return ok(added);
    },
  };
}

const JSON_TYPE = { "Content-Type": "application/json" };

/** What of a target is secret, under the field that whoever sends opens it as. */
function secretsOf(
  target: TargetInput,
  secret: string | null,
): Record<string, { field: string; text: string }> {
  const headers = (more: object) => ({
    field: HEADERS_FIELD,
    text: JSON.stringify({ ...JSON_TYPE, ...more }),
  });
  switch (target.kind) {
    case "email":
      return { to: { field: RECIPIENT_FIELD, text: target.to } };
    case "push":
    case "channel":
      return {};
    case "webhook":
      return secret === null ? {} : { secret: { field: SECRET_FIELD, text: secret } };
    case "pagerduty": {
      const text = JSON.stringify({ routing_key: target.routingKey });
      return { headers: headers({}), members: { field: MEMBERS_FIELD, text } };
    }
    case "opsgenie":
      return { headers: headers({ Authorization: `GenieKey ${target.apiKey}` }) };
  }
}
