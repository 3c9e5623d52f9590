import { z } from "zod";
import { ID_BYTES, memberId } from "#domain/accounts/credential.ts";
import { ROLES } from "#domain/accounts/model.ts";
import { ownAccount } from "#domain/people/sign-up.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";
import { fails, feature, json, refuse, route } from "#workers/http/kit.ts";
import { noted } from "#workers/http/guard/noted.ts";

const membershipView = z.object({
  accountId: z.string(),
  name: z.string(),
  principalId: z.string(),
  role: z.enum(ROLES),
  current: z.boolean(),
});

const accounts = route(
  {
    method: "get",
    path: "/v1/accounts",
    summary: "List the accounts you belong to",
    description: "With a key, the one it is for.",
    access: "account.list",
    responses: {
      200: {
        description: "All of them",
        ...json(z.object({ items: z.array(membershipView), nextCursor: z.null() })),
      },
    },
  },
  async (c) => {
    const { services, principal } = c.var;
    const { accountId, principalId, personId, role } = principal;
    if (personId === undefined) {
      const name = (await services.accounts.account(accountId))?.name ?? "";
      const own = { accountId, name, principalId, role, current: true };
      return c.json({ items: [own], nextCursor: null });
    }
    const memberships = await services.people.memberships(personId);
    const items = memberships.map((one) => ({
      accountId: one.accountId,
      name: one.accountName,
      principalId: one.principalId,
      role: one.role,
      current: one.accountId === accountId,
    }));
    return c.json({ items, nextCursor: null });
  },
);

const make = route(
  {
    method: "post",
    path: "/v1/accounts",
    summary: "Begin another account, as its owner",
    description: "Where the operator lets anybody sign up; elsewhere by an invitation to do so.",
    access: "account.make",
    request: { body: json(z.strictObject({ name: text(LIMITS.nameCharsMax) })) },
    responses: {
      201: { description: "Your place in it", ...json(membershipView) },
      ...fails("forbidden", "conflict"),
    },
  },
  async (c) => {
    const { services, principal, operationId, nowMs } = c.var;
    const { personId } = principal;
    if (personId === undefined || c.env.WISHUB_SIGNUP !== "open")
      return refuse({
        code: "forbidden",
        detail:
          personId === undefined
            ? "for sessions that a person signed in to"
            : "beginning an account needs an invitation",
      });
    // Whoever rules the provider can sign in as them, and must come into no account beside its own by that.
    if ((await services.people.person(personId))?.emailIndex == null)
      refuse({ code: "forbidden", detail: "you sign in by an account's identity provider" });
    const memberships = await services.people.memberships(personId);
    if (memberships.length >= LIMITS.accountsPerPersonMax)
      refuse({ code: "conflict", detail: `a person is in at most ${memberships.length} accounts` });
    const { name } = c.req.valid("json");
    const bytes = Uint8Array.fromHex(operationId);
    const own = ownAccount(personId, name, () => bytes, nowMs);
    own.principal.id = memberId("principal", 0, bytes.subarray(bytes.length - ID_BYTES));
    await services.people.insertAccount(own.account, own.principal);
    const { id: principalId, accountId, role } = own.principal;
    // The pipeline records it where the caller is; the new account's own log begins with it, too.
    const resource = { type: "account", id: accountId };
    await noted(c, { accountId, principalId, personId }, "account.make", resource);
    return c.json({ accountId, name, principalId, role, current: false }, 201);
  },
);

export const memberships = feature(accounts, make);
