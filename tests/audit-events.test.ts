import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import { told } from "./event-sources.ts";
import { newAccount, type TestAccount } from "./helpers.ts";

const seqs = async (account: TestAccount) =>
  (await told(account, "audit.logs")).map(({ data }) => data["seq"]);
const logged = async (account: TestAccount) =>
  (await env.ACCOUNT.getByName(account.accountId).auditState()).size;

it("audit.logs is the audit log, entry for entry, also after a crash before it was told or remembered", async () => {
  const account = await newAccount();
  const makeKey = (name: string) =>
    account.call("POST", "/v1/keys", { body: { name, scopes: ["search"] } });
  await makeKey("First");
  const whole = async () => {
    const size = await logged(account);
    expect(size).toBeGreaterThan(0);
    await vi.waitFor(async () =>
      expect(await seqs(account)).toEqual(Array.from({ length: size }, (_, n) => n + 1)),
    );
  };
  await whole();
  const object = () => env.ACCOUNT.getByName(account.accountId);
  // Nothing of how far it was is remembered.
  await evictDurableObject(object());
  await makeKey("Second");
  await whole();
  // Recorded, and the process gone before anybody was told: the log's own alarm brings it.
  await runInDurableObject(object(), (_, { storage }) => {
    storage.kv.delete("auditTold");
  });
  await evictDurableObject(object());
  await runDurableObjectAlarm(object());
  await whole();
  const [event] = await told(account, "audit.logs");
  expect(event).toMatchObject({ type: "audit.recorded", id: "audit.1" });
  expect(event?.data).not.toHaveProperty("prev");
});
