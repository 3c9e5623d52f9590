import { describe, expect, it } from "vitest";
import { newAccount } from "./helpers.ts";

const otter = {
  name: "Otter finder",
  type: "query",
  description: "Finds otters by the sounds they make.",
  capabilities: ["find-otters", "audio/listen"],
};
type Shown = { id: string; name: string; state: string };

describe("registering an agent", () => {
  it("makes it active, and its account reads and lists it", async () => {
    const account = await newAccount();
    const made = await account.call("POST", "/v1/agents", { body: otter });
    expect(made.status).toBe(201);
    const agent = await made.json<Shown>();
    expect(agent).toMatchObject({
      ...otter,
      state: "active",
      visibility: "private",
      accepts: "account",
      accountId: account.accountId,
    });
    const read = await account.call("GET", `/v1/agents/${agent.id}`);
    expect(read.headers.get("ETag")).toBe('"1"');
    expect(await read.json()).toEqual(agent);
    const list = await account.call("GET", "/v1/agents");
    expect((await list.json<{ items: Shown[] }>()).items).toEqual([agent]);
  });

  it("keeps a private one from everybody else, and shows a listed one to all", async () => {
    const [owner, stranger] = [await newAccount(), await newAccount()];
    const idOf = async (body: object) =>
      (await (await owner.call("POST", "/v1/agents", { body })).json<Shown>()).id;
    const hidden = await idOf(otter);
    const listed = await idOf({ ...otter, name: "Public otter", visibility: "listed" });
    expect((await stranger.call("GET", `/v1/agents/${hidden}`)).status).toBe(404);
    expect((await stranger.call("GET", `/v1/agents/${listed}`)).status).toBe(200);
  });

  it("refuses a name that an agent of the account has, in whatever letters", async () => {
    const account = await newAccount();
    await account.call("POST", "/v1/agents", { body: otter });
    for (const name of ["OTTER FINDER", " otter finder ", "Ｏtter finder"]) {
      const again = await account.call("POST", "/v1/agents", { body: { ...otter, name } });
      expect(again.status, name).toBe(409);
    }
  });

  it("refuses what is no agent, and says where", async () => {
    const account = await newAccount();
    const wrong: [object, string][] = [
      [{ ...otter, type: "wizard" }, "/type"],
      [{ ...otter, capabilities: ["Find Otters"] }, "/capabilities/0"],
      [{ ...otter, capabilities: ["a", "a"] }, "/capabilities"],
      [{ ...otter, accepts: [] }, "/accepts"],
      [{ ...otter, name: "" }, "/name"],
    ];
    for (const [body, pointer] of wrong) {
      const answer = await account.call("POST", "/v1/agents", { body });
      const { code, errors } = await answer.json<{ code: string; errors: { pointer: string }[] }>();
      expect([answer.status, code], pointer).toEqual([400, "invalid-request"]);
      expect(errors[0]?.pointer).toBe(pointer);
    }
  });
});
