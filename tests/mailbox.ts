import { call, type TestAccount } from "./helpers.ts";

export type Message = {
  id: string;
  body: unknown;
  from: { accountId: string; agentId?: string };
  conversationId: string | null;
  attempts: number;
  fencingToken: number;
};
type Sent = { id: string; duplicate: boolean };

let names = 0;
/** The id of a new agent. */
export async function agentOf(account: TestAccount, more: object = {}): Promise<string> {
  const body = {
    name: `Otter ${names++}`,
    type: "query",
    description: "Reads.",
    capabilities: [],
    ...more,
  };
  const made = await account.call("POST", "/v1/agents", { body });
  const { id } = await made.json<{ id: string }>();
  return id;
}

/** A new agent of the account, and what the account does with its mailbox. */
export async function mailbox(account: TestAccount, more: object = {}) {
  const id = await agentOf(account, more);
  const path = `/v1/agents/${id}/messages`;
  const send = (body: object, headers: Record<string, string> = {}) =>
    account.call("POST", path, { body, headers });
  return {
    id,
    send,
    async sent(body: object): Promise<Sent> {
      const answer = await send(body);
      if (answer.status !== 201) throw new Error(`${answer.status}: ${await answer.text()}`);
      return await answer.json<Sent>();
    },
    async leased(limit = 1, rest: object = {}): Promise<Message[]> {
      const answer = await account.call("POST", `${path}/lease`, { body: { limit, ...rest } });
      if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`);
      return (await answer.json<{ messages: Message[] }>()).messages;
    },
    settle(how: "ack" | "nack" | "extend", message: Message | undefined, rest: object = {}) {
      const body = { fencingToken: message?.fencingToken, ...rest };
      return account.call("POST", `${path}/${message?.id}/${how}`, { body });
    },
  };
}

/** A new agent of the account with a key of its own, and calls made with that key. */
export async function keyedAgent(account: TestAccount, more: object = {}) {
  const id = await agentOf(account, { type: "coordination", ...more });
  const made = await account.call("POST", `/v1/agents/${id}/keys`, {
    body: { name: "Its own", scopes: ["agents"] },
  });
  const { apiKey } = await made.json<{ apiKey: string }>();
  const as = (method: string, path: string, body?: object, headers: object = {}) =>
    call(method, path, {
      ...(body !== undefined && { body }),
      headers: { Authorization: `Bearer ${apiKey}`, ...headers },
    });
  return { id, apiKey, as };
}
