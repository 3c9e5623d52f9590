import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { newAccount, problemOf, type TestAccount } from "./helpers.ts";
import {
  append,
  HOOK,
  type Hook,
  madeHook,
  onVirtualClock,
  type Page,
  playOut,
  receiver,
} from "./hooks.ts";

// Webhooks on a clock that jumps from alarm to alarm.

onVirtualClock();

describe("an account's webhook", () => {
  it("is made, read, listed, changed and ended by its own account; its secret is shown once", async () => {
    const account = await newAccount();
    const made = await madeHook(account, { events: ["unit.searchable", "task.*"] });
    expect(made).toMatchObject({
      state: "active",
      topics: ["unit.events", "agent.tasks"],
      ordered: false,
      version: 1,
    });
    expect(made.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const path = `/v1/webhooks/${made.id}`;
    const read = await account.call("GET", path);
    expect(read.headers.get("ETag")).toBe('"1"');
    expect(await read.text()).not.toContain("whsec_");
    const list = await (await account.call("GET", "/v1/webhooks")).json<Page<Hook>>();
    expect(list.items.map(({ id }) => id)).toEqual([made.id]);
    const change = (body: object, version?: string) =>
      account.call("PATCH", path, {
        body,
        ...(version !== undefined && { headers: { "If-Match": `"${version}"` } }),
      });
    expect((await problemOf(await change({ state: "paused" }))).code).toBe("version-required");
    expect((await problemOf(await change({ state: "paused" }, "7"))).code).toBe("version-stale");
    expect((await problemOf(await change({}, "1"))).code).toBe("invalid-request");
    const changed = await (
      await change({ events: ["agent.*"], state: "paused" }, "1")
    ).json<Hook>();
    expect(changed).toMatchObject({ version: 2, state: "paused", topics: ["agent.events"] });
    const rotated = await account.call("POST", `${path}/rotate`);
    expect((await rotated.json<Hook>()).secret).toMatch(/^whsec_/);
    expect((await account.call("DELETE", path)).status).toBe(204);
    for (const one of [path, `${path}/status`, `${path}/deliveries`])
      expect((await account.call("GET", one)).status).toBe(404);
  });

  it("leads to no private address, wants only what there is, and what its maker may read", async () => {
    const account = await newAccount();
    const post = async (body: object, as = account) =>
      (await problemOf(await as.call("POST", "/v1/webhooks", { body }))).code;
    for (const url of ["https://127.0.0.1/x", "http://hooks.example.com/", "ftp://a.example", "x"])
      expect(await post({ url, events: ["*"] })).toBe("egress-refused");
    expect(await post({ url: HOOK, events: ["weather.*"] })).toBe("invalid-request");
    expect(await post({ url: HOOK, events: [] })).toBe("invalid-request");
    const { apiKey } = await account.key(["events"]);
    const headers = { Authorization: `Bearer ${apiKey}` };
    const narrow = { ...account, call: account.call };
    narrow.call = (method, path, sent) => account.call(method, path, { ...sent, headers });
    expect(await post({ url: HOOK, events: ["audit.*"] }, narrow)).toBe("forbidden");
    const all = await madeHook(narrow, { events: ["*"] });
    expect(all.topics).toEqual(["unit.events", "agent.events", "agent.tasks"]);
    const audited = await madeHook(account, { events: ["*"] });
    expect(audited.topics).toContain("audit.logs");
    // Nor is what they may not read led elsewhere by them, or shown where it was given up.
    const headersOf = { ...headers, "If-Match": "*" };
    const led = await account.call("PATCH", `/v1/webhooks/${audited.id}`, {
      body: { url: "https://elsewhere.example.com/" },
      headers: headersOf,
    });
    expect((await problemOf(led)).code).toBe("forbidden");
    const dead = (id: string, as: TestAccount) => as.call("GET", `/v1/webhooks/${id}/dead-letters`);
    expect((await problemOf(await dead(audited.id, narrow))).code).toBe("forbidden");
    expect((await dead(audited.id, account)).status).toBe(200);
    expect((await dead(all.id, narrow)).status).toBe(200);
  });

  it("keeps its secret where no database shows it", async () => {
    const account = await newAccount();
    const { id, secret } = await madeHook(account, { events: ["*"] });
    const row = await env.CATALOG_0.prepare("SELECT * FROM webhook WHERE id = ?").bind(id).first();
    expect(JSON.stringify(row)).toContain(HOOK);
    expect(JSON.stringify(row)).not.toContain(secret);
  });

  it("is signed by its old secret too for a day after a new one, and not for longer", async () => {
    const account = await newAccount();
    const { id, secret: first } = await madeHook(account, { events: ["unit.*"] });
    const rotate = await account.call("POST", `/v1/webhooks/${id}/rotate`);
    const { secret: second } = await rotate.json<Hook>();
    const beganMs = Date.now();
    const sent = async (secret: string, atMs: number) => {
      vi.setSystemTime(atMs);
      const verified: boolean[] = [];
      const { fetch } = receiver(
        () => secret,
        () => 200,
      );
      await append(account, "unit.events", [{ type: "unit.published" }]);
      await playOut(id, async (url, init) => {
        const answer = await fetch(url, init).catch(() => null);
        verified.push(answer !== null);
        return new Response(null, { status: 200 });
      });
      return verified;
    };
    const DAY = 86_400_000;
    expect(await sent(first, beganMs + DAY - 60_000)).toEqual([true]);
    expect(await sent(second, beganMs + DAY - 50_000)).toEqual([true]);
    expect(await sent(first, beganMs + DAY + 1)).toEqual([false]);
    expect(await sent(second, beganMs + DAY + 2)).toEqual([true]);
  });
});
