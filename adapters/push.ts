import { buildPushPayload } from "@block65/webcrypto-web-push";
import { type egress, mayBeReached } from "#adapters/egress.ts";
import type { keyRing } from "#adapters/key-ring.ts";
import { type PushRecord, pushStore } from "#db/catalog/push.ts";
import {
  pkcs8Of,
  PUSH_TEXT_CHARS_MAX,
  PUSH_TTL_S,
  type PushSubscriptionInput,
  SUBSCRIPTION_FIELD,
} from "#domain/notices/push.ts";
import { base64UrlOf, bytesOf, joined } from "#domain/shared/bytes.ts";
import { sha256, sha256Hex } from "#domain/shared/hash.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

type Asker = { accountId: string; principalId: string };
type Message = { title: string; text: string; about: string };
type Vapid = { publicKey: string; privateKey: string };

/** A topic that a push service knows a later message by (RFC 8030, 5.4): at most 32 of base64url. */
const TOPIC_BYTES = 24;
const ID_CHARS = 26;

/** Notifications of people's browsers (RFC 8030), encrypted to each (RFC 8291) and signed by the installation (RFC 8292). */
export function pushPort(
  env: Env,
  ring: ReturnType<typeof keyRing>,
  send: ReturnType<typeof egress>,
) {
  const store = pushStore(env.CATALOG_0);
  let vapid: Vapid | undefined;
  /** It follows from the installation's own data key, so it is nowhere else and stays what it is. */
  const vapidOf = async (): Promise<Vapid> =>
    (vapid ??= await vapidFrom(await ring.blindIndex("vapid", "private key")));

  const toBrowser = toBrowserBy(env, { ring, send, vapidOf });

  return {
    /** The application server's key, which a browser subscribes with. */
    publicKey: async (): Promise<string> => (await vapidOf()).publicKey,

    async subscribe(
      { accountId, principalId }: Asker,
      input: PushSubscriptionInput,
      nowMs: number,
    ): Promise<Result<PushRecord, Problem<"egress-refused">>> {
      const refusal = mayBeReached(env, input.endpoint);
      if (refusal !== null) return err(refusal);
      const hash = await sha256Hex(`${accountId} ${principalId} ${input.endpoint}`);
      const record: PushRecord = {
        id: `psh_${hash.slice(0, ID_CHARS)}`,
        accountId,
        principalId,
        service: new URL(input.endpoint).origin,
        subscription: await ring.seal(
          { person: principalId },
          SUBSCRIPTION_FIELD,
          JSON.stringify(input),
        ),
        createdAtMs: nowMs,
      };
      await store.putSubscription(record, LIMITS.pushSubscriptionsMax);
      return ok(record);
    },

    list: store.subscriptions,
    unsubscribe: store.dropSubscription,

    /** To all browsers of a principal. Null where one took it; else why none did. Those that are gone are forgotten. */
    async push(to: Asker, message: Message): Promise<string | null> {
      const rows = await store.subscriptions(to);
      // One whose key is none is no reason to tell the others nothing.
      const outcomes = await Promise.all(
        rows.map((row) =>
          toBrowser(row, message).catch((error: unknown) => ({ failed: String(error) })),
        ),
      );
      const gone = rows.filter((_, i) => outcomes[i] === "gone");
      for (const { id } of gone) await store.dropSubscription(to, id);
      if (outcomes.includes("sent")) return null;
      const failed = outcomes.find((one) => typeof one === "object");
      return failed?.failed ?? "no browser is subscribed";
    },
  };
}

async function vapidFrom(secret: string): Promise<Vapid> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const key = await crypto.subtle.importKey(
    "pkcs8",
    pkcs8Of(await sha256(secret)),
    algorithm,
    true,
    ["sign"],
  );
  const { x, y, d } = (await crypto.subtle.exportKey("jwk", key)) as JsonWebKey;
  if (x === undefined || y === undefined || d === undefined) throw new Error("no P-256 key");
  const point = joined([new Uint8Array([4]), fromBase64Url(x), fromBase64Url(y)]);
  return { publicKey: base64UrlOf(point), privateKey: d };
}

const fromBase64Url = (text: string) => bytesOf(text.replaceAll("-", "+").replaceAll("_", "/"));

/** `gone`: the browser wants no more of them. */
type Pushed = "sent" | "gone" | { failed: string };
type Needs = {
  ring: ReturnType<typeof keyRing>;
  send: ReturnType<typeof egress>;
  vapidOf(): Promise<Vapid>;
};

const toBrowserBy =
  ({ WISHUB_PUBLIC_URL }: Env, { ring, send, vapidOf }: Needs) =>
  async (row: PushRecord, message: Message): Promise<Pushed> => {
    const scope = { person: row.principalId };
    const opened = await ring.open(scope, SUBSCRIPTION_FIELD, row.subscription);
    if (opened === null) return "gone";
    const { endpoint, keys } = JSON.parse(opened) as PushSubscriptionInput;
    const { title, text, about } = message;
    const data = { title, body: text.slice(0, PUSH_TEXT_CHARS_MAX), tag: about };
    const topic = base64UrlOf((await sha256(about)).subarray(0, TOPIC_BYTES));
    const payload = await buildPushPayload(
      { data, options: { ttl: PUSH_TTL_S, urgency: "high", topic } },
      { endpoint, expirationTime: null, keys },
      { subject: WISHUB_PUBLIC_URL, ...(await vapidOf()) },
    );
    const headers = Object.fromEntries(
      Object.entries(payload.headers).filter(([name]) => name !== "content-length"),
    );
    const body = payload.body;
    const answer = await send(endpoint, { method: "POST", headers, body, secure: true });
    if (!answer.ok) return { failed: answer.error.detail ?? answer.error.code };
    const { status } = answer.value;
    if (status >= 200 && status < 300) return "sent";
    if (status === 404 || status === 410) return "gone";
    return { failed: `the push service answered ${status}` };
  };
