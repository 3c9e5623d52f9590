import { call, type TestAccount } from "./helpers.ts";

export type TestClient = { id: string; secret: string; header: { Authorization: string } };

/** A form to an OAuth endpoint. */
export const formOf = (
  path: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Response> =>
  call("POST", path, {
    body: new URLSearchParams(fields).toString(),
    headers: { "Content-Type": "application/x-www-form-urlencoded", ...headers },
  });

/** A client of the account that acts for itself, unless the members say otherwise. */
export async function makeClient(account: TestAccount, members: object): Promise<TestClient> {
  const body = { grant_types: ["client_credentials"], ...members };
  const made = await account.call("POST", "/v1/oauth/clients", { body });
  if (made.status !== 201) throw new Error(await made.text());
  const { client_id: id, client_secret: secret } = await made.json<{
    client_id: string;
    client_secret: string;
  }>();
  return { id, secret, header: { Authorization: `Basic ${btoa(`${id}:${secret}`)}` } };
}

export async function tokenOf(client: TestClient, fields: Record<string, string>) {
  const sent = { grant_type: "client_credentials", ...fields };
  const response = await formOf("/oauth/token", sent, client.header);
  if (response.status !== 200) throw new Error(await response.text());
  const answer = await response.json<{ access_token: string }>();
  return { answer, token: answer.access_token };
}
