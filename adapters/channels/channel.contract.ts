import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Face, InboundRequest } from "#domain/channels/face.ts";
import { ok } from "#domain/shared/result.ts";
import type { Egress } from "#adapters/egress.ts";
import {
  type FakeVendor,
  RETRY_AFTER_S,
  type VendorCall,
} from "#adapters/channels/fakes/vendor.ts";

const URL_OF_VENDOR = "https://vendor.example";
const NOW_MS = Date.now();
const HOUR_MS = 3_600_000;

/** The way out, where only this vendor is. */
export const callTo =
  (vendor: FakeVendor): Egress =>
  async (url, { method = "GET", headers = {}, body } = {}) => {
    const init = { method, headers, ...(body !== undefined && { body: body as string }) };
    const answer = await vendor.answer(
      new Request(url.replace(URL_OF_VENDOR, "https://vendor.example"), init),
    );
    const bytes = new Uint8Array(await answer.arrayBuffer());
    return ok({ status: answer.status, headers: answer.headers, body: bytes });
  };

export function requestOf({ method, query, headers, body }: VendorCall): InboundRequest {
  const all = new Headers(headers);
  return {
    method,
    header: (name) => all.get(name),
    query: Object.fromEntries(new URLSearchParams(query)),
    body: new TextEncoder().encode(body),
  };
}

type Make = (config: Record<string, string>, call: Egress) => Face;

/** What every vendor's side of a channel promises, whatever its signatures and its interface are like. */
export function channelContract(name: string, newVendor: () => FakeVendor, make: Make): void {
  const begin = () => {
    const vendor = newVendor();
    const config = vendor.config(URL_OF_VENDOR);
    return { vendor, config, face: make(config, callTo(vendor)) };
  };

  describe(`${name}: what comes in`, () => {
    it("is what a person there said, known by one id however often it comes", async () => {
      const { vendor, face } = begin();
      const text = "Où vont les loutres ? 水獭 <b>&amp;</b> 🦦";
      const ids = new Set<string>();
      for (const atMs of [NOW_MS, NOW_MS + 1_000]) {
        const received = await face.receive(requestOf(await vendor.says({ text }, atMs)), atMs);
        if (!received.ok) throw new Error(received.error.code);
        expect(received.value.said).toMatchObject([
          { conversation: vendor.conversation, text, attachments: [] },
        ]);
        for (const said of received.value.said) {
          ids.add(said.id);
          expect(said.from.id).not.toBe("");
          expect(JSON.stringify(said).length).toBeLessThan(1_000);
        }
      }
      expect(ids.size).toBe(1);
      const other = await face.receive(
        requestOf(await vendor.says({ text, id: 2 }, NOW_MS)),
        NOW_MS,
      );
      for (const said of other.ok ? other.value.said : []) ids.add(said.id);
      expect(ids.size).toBe(2);
    });

    it("is refused where it is not signed, not by its vendor, or was changed on its way", async () => {
      const { vendor, config, face } = begin();
      const call = await vendor.says({ text: "hello" }, NOW_MS);
      const forged: VendorCall[] = [
        { ...call, headers: { "Content-Type": "application/json" }, query: "" },
      ];
      if (vendor.signs.body) forged.push({ ...call, body: call.body.replace("e", "f") });
      for (const header of Object.keys(call.headers)) {
        if (header === "Content-Type") continue;
        forged.push({ ...call, headers: { ...call.headers, [header]: "0" } });
      }
      for (const one of forged) {
        const received = await face.receive(requestOf(one), NOW_MS);
        expect(received.ok, JSON.stringify(one)).toBe(false);
      }
      const other = Object.fromEntries(
        Object.entries(config).map(([key, value]) => [key, rotated(key, value)]),
      );
      const stranger = make(other, callTo(vendor));
      expect(await stranger.receive(requestOf(call), NOW_MS)).toMatchObject({
        ok: false,
        error: { code: "unauthenticated" },
      });
    });

    it("is refused when it was signed long ago, where the vendor signs a time", async () => {
      const { vendor, face } = begin();
      const call = requestOf(await vendor.says({ text: "hello" }, NOW_MS));
      for (const nowMs of [NOW_MS + 2 * HOUR_MS, NOW_MS - 2 * HOUR_MS])
        expect((await face.receive(call, nowMs)).ok).toBe(!vendor.signs.time);
    });

    it("is no message where nobody said anything", async () => {
      const { vendor, face } = begin();
      for (const call of await vendor.noise(NOW_MS))
        expect(await face.receive(requestOf(call), NOW_MS), call.body).toMatchObject({
          ok: true,
          value: { said: [] },
        });
    });

    it("answers what the vendor asks first", async () => {
      const { vendor, face } = begin();
      const greeting = await vendor.greets?.(NOW_MS);
      if (greeting === undefined) return;
      expect(await face.receive(requestOf(greeting.call), NOW_MS)).toMatchObject({
        ok: true,
        value: { reply: { status: 200, body: greeting.hears }, said: [] },
      });
    });

    it("never throws, whatever is sent", async () => {
      const { vendor, face } = begin();
      const call = await vendor.says({ text: "hello" }, NOW_MS);
      await fc.assert(
        fc.asyncProperty(
          fc.oneof(fc.string(), fc.json(), fc.constant(call.body.slice(0, -3))),
          fc.dictionary(
            fc.constantFrom(...Object.keys(call.headers), "webhook-id"),
            fc.base64String(),
          ),
          async (body, headers) => {
            const one = requestOf({ ...call, body, headers: { ...call.headers, ...headers } });
            const received = await face.receive(one, NOW_MS);
            if (!received.ok)
              expect(["unauthenticated", "invalid-request"]).toContain(received.error.code);
          },
        ),
        { numRuns: 50 },
      );
    });
  });

  describe(`${name}: what goes out`, () => {
    const say = (face: Face, { conversation, thread }: FakeVendor, text: string) => {
      const id = `cm_${crypto.randomUUID().replaceAll("-", "")}`;
      return face.send({ id, conversation, text, thread: thread ?? null }, NOW_MS);
    };

    it("is read there, in its conversation", async () => {
      const { vendor, face } = begin();
      const { conversation } = vendor;
      const texts = ["Up the river.", 'With "quotes" & <tags> 水獭'];
      for (const text of texts) expect((await say(face, vendor, text)).kind).toBe("sent");
      expect(vendor.heard).toEqual(texts.map((text) => ({ conversation, text })));
      expect(vendor.strangers).toBe(0);
    });

    it("waits where the vendor is busy, for as long as it says", async () => {
      const { vendor, face } = begin();
      vendor.mood = "busy";
      const outcome = await say(face, vendor, "hello");
      expect(outcome.kind).toBe("later");
      const told = outcome.kind === "later" ? outcome.retryAfterMs : 0;
      // WeCom and DingTalk may not say it.
      expect([RETRY_AFTER_S * 1_000, null]).toContain(told);
      if (["slack", "telegram", "discord", "webhook", "email"].includes(name))
        expect(told).not.toBeNull();
      vendor.mood = "well";
      expect((await say(face, vendor, "hello")).kind).toBe("sent");
      expect(vendor.heard).toHaveLength(1);
    });

    it("waits where the vendor is down, or does not answer", async () => {
      const { vendor, config, face } = begin();
      vendor.mood = "down";
      expect((await say(face, vendor, "hello")).kind).toBe("later");
      const cut: Egress = async () => ({
        ok: false,
        error: { code: "egress-failed", detail: "it could not be reached", retryAfterS: 3 },
      });
      expect(await say(make(config, cut), vendor, "hello")).toMatchObject({
        kind: "later",
        retryAfterMs: 3_000,
      });
    });

    it("is refused with the vendor's reason where it takes this one never", async () => {
      const { vendor, face } = begin();
      vendor.mood = "refusing";
      const outcome = await say(face, vendor, "hello");
      expect(outcome).toMatchObject({ kind: "refused" });
      expect(outcome.kind === "refused" && outcome.reason.length > 5).toBe(true);
      expect(vendor.heard).toEqual([]);
    });

    it("is refused, and tells no secret, where the vendor does not know us", async () => {
      const { vendor, config } = begin();
      const other = Object.fromEntries(
        Object.entries(config).map(([key, value]) => [
          key,
          isAddress(key) ? value : rotated(key, value),
        ]),
      );
      const outcome = await say(make(other, callTo(vendor)), vendor, "hello");
      expect(outcome.kind).toBe("refused");
      expect(vendor.strangers).toBeGreaterThan(0);
      for (const value of Object.values(other))
        if (value.length > 8) expect(JSON.stringify(outcome)).not.toContain(value);
    });

    it("asks for a new token where the one it holds has ended, once", async () => {
      const { vendor, face } = begin();
      if (vendor.endTokens === undefined) return;
      expect((await say(face, vendor, "one")).kind).toBe("sent");
      vendor.endTokens();
      expect((await say(face, vendor, "two")).kind).toBe("sent");
      expect(vendor.heard).toHaveLength(2);
    });
  });
}

const isAddress = (key: string): boolean => /url$/i.test(key);

/** Another secret of the same shape. */
function rotated(key: string, value: string): string {
  if (isAddress(key)) return value;
  if (key === "publicKey") return `${value.slice(0, -2)}${value.endsWith("00") ? "11" : "00"}`;
  if (key === "encodingAesKey") return `A${value.slice(1)}`;
  if (value.startsWith("whsec_")) return `whsec_${btoa("another secret of 32 bytes here.")}`;
  return value.replace(/[a-zA-Z](?=[^a-zA-Z]*$)/, (letter) => (letter === "q" ? "r" : "q"));
}
