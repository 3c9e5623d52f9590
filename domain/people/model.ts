import { z } from "zod";
import { type Role, ROLES, type Scope, SCOPES } from "#domain/accounts/model.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";

/** A person as stored. `email` and `name` are sealed under the person's own key. */
export type PersonRecord = {
  id: string;
  status: "active" | "suspended" | "erased";
  emailIndex: string | null;
  email: string;
  name: string;
  passwordHash: string | null;
  totp: string | null;
  totpPending: string | null;
  totpStep: number | null;
  createdAtMs: number;
};

/** One part of an e-mail address is what its host makes of it (RFC 5321, 2.3.11); we tell no two apart by case or form. */
export const normalEmail = (email: string): string => email.normalize("NFKC").trim().toLowerCase();

/** What a mail can be sent to: something, one `@`, a name with a dot. Whether it is there, only a mail shows. */
export const emailText = text(LIMITS.emailCharsMax)
  .transform(normalEmail)
  .pipe(
    z
      .string()
      .max(LIMITS.emailCharsMax)
      .regex(/^[^\s@<>,;:"()[\]\\]{1,64}@[^\s@<>,;:"()[\]\\.]+(?:\.[^\s@<>,;:"()[\]\\.]+)+$/, {
        error: "must be an e-mail address",
      }),
  );

export const personNameText = text(LIMITS.nameCharsMax);
/** Its rules stand in password.ts: they are answered in words, and only once the rest is right. */
export const passwordText = z.string().min(1).max(LIMITS.passwordCharsMax);

/** Into the account of whoever invites, or, from the operator, to begin an account of one's own. */
export const invitationInput = z
  .strictObject({
    email: emailText,
    role: z.enum(ROLES).optional(),
    newAccount: z.literal(true).optional(),
  })
  .refine(
    ({ role, newAccount }) => (role === undefined) === (newAccount === true),
    "give either role or newAccount",
  );
export type InvitationInput = z.infer<typeof invitationInput>;

const WITHOUT_ADMIN: readonly Scope[] = SCOPES.filter(
  (scope) => scope !== "admin" && scope !== "audit" && scope !== "scim",
);
const ROLE_SCOPES: Record<Role, readonly Scope[]> = {
  owner: SCOPES,
  admin: SCOPES,
  member: WITHOUT_ADMIN,
  auditor: ["search", "units:read", "audit"],
  viewer: ["search", "units:read"],
};

/** What a person's session may do: all that their role has a use for. */
export const scopesOfRole = (role: Role): Scope[] => [...ROLE_SCOPES[role]];

/** A person's place in one account. */
export type Membership = {
  accountId: string;
  principalId: string;
  role: Role;
  accountName: string;
  /** Of the account's policies (domain/policies). */
  policyVersion: number;
};
