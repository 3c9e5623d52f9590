import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { forget } from "#workers/http/guard/auth.ts";
import { newAccount, problemOf, type TestAccount } from "./helpers.ts";

const otter = {
  name: "Otter",
  type: "query",
  description: "Finds otters by the sounds they make.",
  capabilities: ["find-otters"],
  visibility: "listed",
  accepts: "listed",
};
const registered = async (account: TestAccount, body: object = otter) =>
  (await (await account.call("POST", "/v1/agents", { body })).json<{ id: string }>()).id;

/** Puts a policy of one rule that forbids in force. */
async function forbidding(account: TestAccount, actions: string[], when: string) {
  const put = await account.call("PUT", "/v1/policies", {
    body: { rules: [{ id: "rule", effect: "forbid", actions, when }] },
    headers: { "If-Match": '"0"' },
  });
  expect(put.status, await put.clone().text()).toBe(200);
  forget(env, () => true); // as every isolate does within 5 seconds
}

it("keeps what one is shown to agents of one's own", async () => {
  const [account, other] = [await newAccount(), await newAccount()];
  const [own, foreign] = [await registered(account), await registered(other)];
  await forbidding(account, ["agent.read", "agent.match"], "!resource.own");
  const read = (id: string) => account.call("GET", `/v1/agents/${id}`);
  expect((await read(own)).status).toBe(200);
  expect((await problemOf(await read(foreign))).code).toBe("forbidden");
  expect((await account.call("GET", `/v1/agents/${foreign}/card`)).status).toBe(403);
  const body = { task: "Find otters by the sounds they make.", limit: 50 };
  const { matches } = await (
    await account.call("POST", "/v1/agents/match", { body })
  ).json<{ matches: { agentId: string }[] }>();
  expect(matches.map(({ agentId }) => agentId)).toEqual([own]);
});

it("lists only what a rule leaves", async () => {
  const account = await newAccount();
  const shown = await registered(account);
  await registered(account, { ...otter, name: "Hidden", capabilities: ["secret-work"] });
  await forbidding(account, ["agent.read"], "'secret-work' in resource.capabilities");
  const { items } = await (
    await account.call("GET", "/v1/agents")
  ).json<{ items: { id: string }[] }>();
  expect(items.map(({ id }) => id)).toEqual([shown]);
});

it("looks at an agent before it is there, and at what a change makes of it", async () => {
  const account = await newAccount();
  await forbidding(
    account,
    ["agent.register", "agent.change"],
    "resource.visibility == 'listed' || resource.agentType == 'coordination'",
  );
  const register = (body: object) => account.call("POST", "/v1/agents", { body });
  expect((await register(otter)).status).toBe(403);
  const own = { ...otter, visibility: "private", accepts: "account" };
  expect((await register({ ...own, type: "coordination" })).status).toBe(403);
  const id = await registered(account, own);
  const change = (body: object) =>
    account.call("PATCH", `/v1/agents/${id}`, { body, headers: { "If-Match": "*" } });
  expect((await change({ visibility: "listed" })).status).toBe(403);
  expect((await change({ description: "Hears otters." })).status).toBe(200);
});

it("keeps messages from leaving the account", async () => {
  const [account, other] = [await newAccount(), await newAccount()];
  const [own, foreign] = [await registered(account), await registered(other)];
  await forbidding(account, ["message.send"], "!resource.own");
  const send = (id: string) =>
    account.call("POST", `/v1/agents/${id}/messages`, { body: { body: "Hello" } });
  expect((await problemOf(await send(foreign))).code).toBe("forbidden");
  expect((await send(own)).ok).toBe(true);
});

it("takes no rule that asks an agent for what a unit has, and explains those it has", async () => {
  const account = await newAccount();
  const id = await registered(account);
  const wrong = await account.call("PUT", "/v1/policies", {
    body: {
      rules: [
        { id: "rule", effect: "forbid", actions: ["agent.read"], when: "resource.kind == 'x'" },
      ],
    },
    headers: { "If-Match": '"0"' },
  });
  expect(wrong.status).toBe(400);
  await forbidding(account, ["agent.retire"], "resource.state == 'active'");
  const body = { action: "agent.retire", resource: { type: "agent", id } };
  const explained = await account.call("POST", "/v1/policies/explain", { body });
  expect(await explained.json()).toMatchObject({ decision: "deny", rule: "policy:rule@1" });
});
