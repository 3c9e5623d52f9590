import type { Role } from "#domain/accounts/model.ts";
import { call, type TestAccount } from "./helpers.ts";
import { freshEmail, PASSWORD, tokenTo } from "./people.ts";

export type Made = { personId: string; accountId: string; principalId: string };

export const invite = (account: TestAccount, email: string, role: Role) =>
  account.call("POST", "/v1/invitations", { body: { email, role } });
export const acceptWith = (token: string, more: object = {}) =>
  call("POST", "/v1/invitations/accept", {
    body: { token, password: PASSWORD, name: "Otto Member", ...more },
  });

/** Somebody new in the account. */
export async function joined(account: TestAccount, role: Role) {
  const email = freshEmail();
  await invite(account, email, role);
  const made = await acceptWith(await tokenTo(email));
  if (made.status !== 201) throw new Error(await made.text());
  return { email, ...(await made.json<Made>()) };
}
