import { expect, it } from "vitest";
import type { Rule } from "#domain/policies/model.ts";
import { newAccount, type TestAccount } from "./helpers.ts";
import { append, type Hook, madeHook, onVirtualClock, playOut, receiver, show } from "./hooks.ts";

// The audit log is sent for whoever set that up and may read it, on a clock that jumps from alarm to alarm.

onVirtualClock();

const rule = async (account: TestAccount, rules: Rule[]): Promise<void> => {
  const headers = { "If-Match": "*" };
  const answer = await account.call("PUT", "/v1/policies", { headers, body: { rules } });
  if (answer.status !== 200) throw new Error(await answer.text());
};
const noAudit: Rule = { id: "no-audit", effect: "forbid", actions: ["audit.read"] };
const shown = async (account: TestAccount, { id }: Hook) => await show<object>(account, id);
const recorded = async (account: TestAccount, n: number) =>
  await append(account, "audit.logs", [{ id: `n${n}`, type: "audit.recorded" }]);
const idsOf = (came: { event: { id: string } }[]) =>
  came.map(({ event }) => event.id).filter((id) => id.startsWith("n"));

it("is sent no more once its maker may not read it: the webhook says so, and goes on where it was when they may", async () => {
  const account = await newAccount();
  const hook = await madeHook(account, { events: ["audit.recorded"] });
  const { came, attempts, fetch } = receiver(
    () => hook.secret,
    () => 204,
  );
  await recorded(account, 1);
  await playOut(hook.id, fetch);
  expect(idsOf(came)).toEqual(["n1"]);
  const tried = attempts.size;
  await rule(account, [noAudit]);
  await recorded(account, 2);
  await playOut(hook.id, fetch);
  expect(attempts.size).toBe(tried);
  expect(await shown(account, hook)).toMatchObject({ state: "disabled", reason: "forbidden" });
  // Nobody switches it on again past the policy.
  const on = { body: { state: "active" }, headers: { "If-Match": "*" } };
  expect((await account.call("PATCH", `/v1/webhooks/${hook.id}`, on)).status).toBe(200);
  await playOut(hook.id, fetch);
  expect(attempts.size).toBe(tried);
  expect(await shown(account, hook)).toMatchObject({ state: "disabled", reason: "forbidden" });

  await rule(account, []);
  await account.call("PATCH", `/v1/webhooks/${hook.id}`, on);
  await playOut(hook.id, fetch);
  expect(idsOf(came)).toEqual(["n1", "n2"]);
});

it("is tried no more, either: what is to be sent again is asked about again", async () => {
  const account = await newAccount();
  const hook = await madeHook(account, { events: ["audit.recorded"] });
  const { attempts, fetch } = receiver(
    () => hook.secret,
    () => 500,
  );
  await recorded(account, 1);
  await playOut(hook.id, async (url, init) => {
    const answer = await fetch(url, init);
    await rule(account, [noAudit]);
    return answer;
  });
  const times = [...attempts.values()];
  expect(times.length).toBeGreaterThan(0);
  expect(times.every((each) => each.length === 1)).toBe(true);
  expect(await shown(account, hook)).toMatchObject({ state: "disabled", reason: "forbidden" });
});

it("goes on being sent what is no audit log's, whoever may read that", async () => {
  const account = await newAccount();
  const hook = await madeHook(account, { events: ["unit.*"] });
  const { came, fetch } = receiver(
    () => hook.secret,
    () => 204,
  );
  await rule(account, [noAudit]);
  await append(account, "unit.events", [{ id: "n1", type: "unit.published" }]);
  await playOut(hook.id, fetch);
  expect(idsOf(came)).toEqual(["n1"]);
});
