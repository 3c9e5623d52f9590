import { z } from "zod";
import type { AccountRecord } from "#domain/accounts/bootstrap.ts";
import { ID_BYTES, memberId, mintCredential, SECRET_BYTES } from "#domain/accounts/credential.ts";
import { type Principal, type Role, ROLES } from "#domain/accounts/model.ts";
import { counted, type CountAttempt, guesserOf } from "#domain/people/attempts.ts";
import { linkKeyOf } from "#domain/people/links.ts";
import { mailRecord, type MailRecord, MAILS_MAX, mailText } from "#domain/people/mail.ts";
import {
  type InvitationInput,
  passwordText,
  personNameText,
  type PersonRecord,
} from "#domain/people/model.ts";
import { GUESSES_MAX, provenPerson } from "#domain/people/sign-in.ts";
import {
  emailIndexOf,
  LINK_REFUSED,
  newPerson,
  ownAccount,
  type PersonMade,
  type Ring,
  tokenText,
  OUTBOX_FULL,
} from "#domain/people/sign-up.ts";
import { mayGive } from "#domain/people/members.ts";
import type { Prove } from "#domain/proofs/model.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { text } from "#domain/shared/text.ts";

/** As stored; the e-mail is sealed under the account's key. */
export type InvitationRecord = {
  id: string;
  accountId: string;
  secretHash: string;
  personId: string;
  emailIndex: string;
  email: string;
  role: Role | null;
  invitedBy: string;
  createdAtMs: number;
  expiresAtMs: number;
};

export const invitationView = z.object({
  id: z.string(),
  email: z.string(),
  role: z.enum(ROLES).nullable(),
  newAccount: z.boolean(),
  invitedBy: z.string(),
  createdAt: z.string(),
  expiresAt: z.string(),
});
export type InvitationView = z.infer<typeof invitationView>;

export const INVITATION_LIFE_MS = 7 * 24 * 3_600_000;

export const viewOfInvitation = (record: InvitationRecord, email: string): InvitationView => ({
  id: record.id,
  email,
  role: record.role,
  newAccount: record.role === null,
  invitedBy: record.invitedBy,
  createdAt: new Date(record.createdAtMs).toISOString(),
  expiresAt: new Date(record.expiresAtMs).toISOString(),
});

type InviteDeps = {
  ring: Ring;
  publicUrl: string;
  random(length: number): Uint8Array;
  sha256Hex(text: string): Promise<string>;
  countAttempt: CountAttempt;
  firstAccountId(): Promise<string | null>;
  outboxIsFull(nowMs: number): Promise<boolean>;
  insertInvitation(invitation: InvitationRecord, mail: MailRecord): Promise<"done" | "too-many">;
};

/** Mails an invitation. Only the mailbox it goes to learns its secret, not even whoever invites. */
export async function invite(
  deps: InviteDeps,
  inviter: Principal,
  input: InvitationInput,
  idBytes: Uint8Array,
  nowMs: number,
): Promise<
  Result<InvitationView, Problem<"forbidden" | "conflict" | "too-many-requests" | "overloaded">>
> {
  const { accountId, principalId } = inviter;
  const role = input.role ?? null;
  const allowed = mayGive(inviter, role);
  if (!allowed.ok) return allowed;
  if (role === null && (await deps.firstAccountId()) !== accountId)
    return err({ code: "forbidden", detail: "the first account invites to new accounts" });
  if (await deps.outboxIsFull(nowMs)) return err(OUTBOX_FULL);
  const emailIndex = await emailIndexOf(deps.ring, input.email);
  const mails = await counted(deps, `invite ${accountId} ${emailIndex}`, MAILS_MAX, nowMs);
  if (!mails.ok) return mails;
  const { id, text: token } = mintCredential("link", 0, idBytes, deps.random(SECRET_BYTES));
  const record: InvitationRecord = {
    id,
    accountId,
    secretHash: await deps.sha256Hex(token),
    personId: memberId("person", 0, deps.random(ID_BYTES)),
    emailIndex,
    email: await deps.ring.seal({ account: accountId }, "invitation.email", input.email),
    role,
    invitedBy: principalId,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + INVITATION_LIFE_MS,
  };
  const mail = { to: input.email, kind: "invitation" as const, text: "" };
  mail.text = mailText(
    "invitation",
    deps.publicUrl,
    token,
    role === null ? "new-account" : "invitation",
  );
  const stored = await deps.insertInvitation(
    record,
    await mailRecord(deps.ring, record.personId, mail, deps.random(ID_BYTES), nowMs),
  );
  if (stored === "too-many")
    return err({
      code: "conflict",
      detail: `an account has at most ${LIMITS.invitationsPerAccountMax} invitations open`,
    });
  return ok(viewOfInvitation(record, input.email));
}

export const acceptance = z.strictObject({
  token: tokenText,
  /** The one you have, or choose one now. */
  password: passwordText,
  /** What you are called; needed of whoever is new. */
  name: personNameText.optional(),
  /** What a new account is called, where you were invited to begin one. */
  accountName: text(LIMITS.nameCharsMax).optional(),
});
export type Acceptance = z.infer<typeof acceptance>;

/** Who joins: a person of ours, or one to be made; and an account to be made where they were invited to begin one. */
export type Joining = {
  invitationId: string;
  personId: string;
  person: PersonRecord | null;
  account: AccountRecord | null;
  principal: { accountId: string; id: string; role: Role; createdAtMs: number };
};

type AcceptDeps = {
  ring: Ring;
  prove: Prove;
  random(length: number): Uint8Array;
  sha256Hex(text: string): Promise<string>;
  countAttempt: CountAttempt;
  personByEmail(emailIndex: string): Promise<PersonRecord | null>;
  invitation(id: string, hash: string, nowMs: number): Promise<InvitationRecord | null>;
  /** Carries it out, all or nothing; the id of the principal they now are, null where it was no more open. */
  join(joining: Joining): Promise<string | null>;
};
type AcceptProblem = Problem<
  | "invalid-request"
  | "unauthenticated"
  | "forbidden"
  | "conflict"
  | "too-many-requests"
  | "overloaded"
>;

/** Accepts an invitation, as who one is already or as somebody new; one bcrypt in either case. */
export async function accept(
  deps: AcceptDeps,
  input: Acceptance,
  from: { network: string | null; mayBeNew: boolean },
  nowMs: number,
): Promise<Result<PersonMade, AcceptProblem>> {
  const key = await linkKeyOf(deps, input.token);
  const found = key && (await deps.invitation(key.id, key.hash, nowMs));
  if (!found) return err(LINK_REFUSED);
  const known = await deps.personByEmail(found.emailIndex);
  const person = known === null ? await invited(deps, found, input, from, nowMs) : null;
  if (person !== null && !person.ok) return person;
  if (known !== null) {
    const guesser = guesserOf(found.emailIndex, { device: null, network: from.network });
    const attempt = await counted(deps, guesser, GUESSES_MAX, nowMs);
    if (!attempt.ok) return attempt;
    const proven = await provenPerson(deps, found.emailIndex, input.password);
    if (!proven.ok) return proven;
  }
  const personId = known?.id ?? found.personId;
  const own =
    found.role === null
      ? ownAccount(personId, input.accountName ?? input.name ?? "Account", deps.random, nowMs)
      : null;
  const accountId = own?.account.id ?? found.accountId;
  const id = own?.principal.id ?? memberId("principal", 0, deps.random(ID_BYTES));
  const principalId = await deps.join({
    invitationId: found.id,
    personId,
    person: person?.value ?? null,
    account: own?.account ?? null,
    principal: { accountId, id, role: found.role ?? "owner", createdAtMs: nowMs },
  });
  if (principalId === null)
    return err({ code: "conflict", detail: "it was accepted or withdrawn, or you belong to it" });
  return ok({ personId, accountId, principalId });
}

async function invited(
  deps: AcceptDeps,
  found: InvitationRecord,
  input: Acceptance,
  from: { mayBeNew: boolean },
  nowMs: number,
): Promise<Result<PersonRecord, AcceptProblem>> {
  if (!from.mayBeNew) return err({ code: "forbidden", detail: "signing up is closed" });
  if (input.name === undefined) {
    const errors = [{ pointer: "/name", detail: "is needed of whoever is new here" }];
    return err({ code: "invalid-request", errors });
  }
  const email = await deps.ring.open({ account: found.accountId }, "invitation.email", found.email);
  if (email === null) return err(LINK_REFUSED);
  const { name, password } = input;
  const person = { id: found.personId, email, emailIndex: found.emailIndex, name, password };
  return await newPerson(deps, person, nowMs);
}
