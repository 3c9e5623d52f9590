import { z } from "zod";
import { ID_BYTES, memberId, SECRET_BYTES } from "#domain/accounts/credential.ts";
import type { AccountRecord } from "#domain/accounts/bootstrap.ts";
import { counted, type CountAttempt } from "#domain/people/attempts.ts";
import {
  LINK_LIFE_MS,
  linkKeyOf,
  type LinkRecord,
  type MailPurpose,
  mintLink,
} from "#domain/people/links.ts";
import {
  type MailKind,
  mailRecord,
  type MailRecord,
  MAILS_MAX,
  mailText,
} from "#domain/people/mail.ts";
import {
  emailText,
  normalEmail,
  passwordText,
  personNameText,
  type PersonRecord,
} from "#domain/people/model.ts";
import { checkPassword, passwordDigest } from "#domain/people/password.ts";
import type { Prove } from "#domain/proofs/model.ts";
import type { KeyScope } from "#domain/protection/envelope.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { text } from "#domain/shared/text.ts";

export const signUpInput = z.strictObject({ email: emailText });
export const tokenText = z.string().min(1).max(128);
export const signUpCompletion = z.strictObject({
  token: tokenText,
  name: personNameText,
  password: passwordText,
  /** What the new account is called; the person's name unless given. */
  accountName: text(100).optional(),
});
export type SignUpCompletion = z.infer<typeof signUpCompletion>;

/** Who was made, and the account they are in. */
export const personMade = z.object({
  personId: z.string(),
  accountId: z.string(),
  principalId: z.string(),
});
export type PersonMade = z.infer<typeof personMade>;

export type Ring = {
  seal(scope: KeyScope, field: string, text: string): Promise<string>;
  open(scope: KeyScope, field: string, sealed: string): Promise<string | null>;
  blindIndex(purpose: string, text: string): Promise<string>;
};

export type LinkDeps = {
  ring: Ring;
  publicUrl: string;
  random(length: number): Uint8Array;
  sha256Hex(text: string): Promise<string>;
  countAttempt: CountAttempt;
  /** Whether as many mails wait as may. */
  outboxIsFull(nowMs: number): Promise<boolean>;
  insertLink(link: LinkRecord, mail: MailRecord): Promise<void>;
  personByEmail(emailIndex: string): Promise<PersonRecord | null>;
};

/** Said to everybody, whether they are known or not: a mail that waits is not given up for one that anybody can ask for. */
export const OUTBOX_FULL = { code: "overloaded" as const, retryAfterS: 60 };

export const emailIndexOf = (ring: Ring, email: string): Promise<string> =>
  ring.blindIndex("email", normalEmail(email));

/**
 * Mails a link that proves the address. The answer, and the work behind it, are the same whether somebody has signed
 * up with the address or not; the mail says which. Nothing of a person is stored before the link comes back, so
 * nobody can take an address that is not theirs, nor choose a password for whoever it belongs to. Where too many mails
 * wait it mails nothing.
 */
export async function mailLink(
  deps: LinkDeps,
  purpose: MailPurpose,
  email: string,
  nowMs: number,
): Promise<Result<null, Problem<"overloaded">>> {
  if (await deps.outboxIsFull(nowMs)) return err(OUTBOX_FULL);
  const emailIndex = await emailIndexOf(deps.ring, email);
  const known = await deps.personByEmail(emailIndex);
  const mayMail = await counted(deps, `mail ${purpose} ${emailIndex}`, MAILS_MAX, nowMs);
  const kind = mayMail.ok ? kindOf(purpose, known?.status === "active") : "none";
  const random = { idBytes: deps.random(ID_BYTES), secretBytes: deps.random(SECRET_BYTES) };
  const { id, text: token } = mintLink(random);
  const personId = known?.id ?? memberId("person", 0, deps.random(ID_BYTES));
  const link: LinkRecord = {
    id,
    purpose: kind === purpose ? purpose : "none",
    secretHash: await deps.sha256Hex(token),
    personId,
    emailIndex,
    email: await deps.ring.seal("installation", "mail-link.email", email),
    expiresAtMs: nowMs + LINK_LIFE_MS[purpose],
  };
  const mail = { to: email, kind, text: mailText(kind, deps.publicUrl, token) };
  await deps.insertLink(
    link,
    await mailRecord(deps.ring, personId, mail, deps.random(ID_BYTES), nowMs),
  );
  return ok(null);
}

/** Who signs up must be new, and who sets a password must not be. */
function kindOf(purpose: MailPurpose, isKnown: boolean): MailKind {
  if (purpose === "sign-up") return isKnown ? "already-here" : "sign-up";
  return isKnown ? purpose : "none";
}

type CompletionDeps = {
  ring: Ring;
  prove: Prove;
  random(length: number): Uint8Array;
  sha256Hex(text: string): Promise<string>;
  link(id: string, hash: string, purpose: MailPurpose, nowMs: number): Promise<LinkRecord | null>;
  insertPerson(
    person: PersonRecord,
    own: { account: AccountRecord; principal: OwnPrincipal },
    linkId: string,
  ): Promise<boolean>;
};
export type OwnPrincipal = {
  accountId: string;
  id: string;
  kind: "person";
  name: string;
  role: "owner";
  status: "active";
  createdAtMs: number;
  personId: string;
};

/** What a link answers that does not work, whatever the reason. */
export const LINK_REFUSED = {
  code: "invalid-request" as const,
  errors: [{ pointer: "/token", detail: "is no link that still works" }],
};

/** The link came back: makes the person, and an account of their own. */
export async function completeSignUp(
  deps: CompletionDeps,
  input: SignUpCompletion,
  nowMs: number,
): Promise<Result<PersonMade, Problem<"invalid-request" | "conflict" | "overloaded">>> {
  const key = await linkKeyOf(deps, input.token);
  const link = key && (await deps.link(key.id, key.hash, "sign-up", nowMs));
  if (!link) return err(LINK_REFUSED);
  const email = await deps.ring.open("installation", "mail-link.email", link.email);
  if (email === null) return err(LINK_REFUSED);
  const person = await newPerson(deps, { ...input, ...link, email, id: link.personId }, nowMs);
  if (!person.ok) return person;
  const own = ownAccount(
    link.personId,
    input.accountName ?? input.name,
    (length) => deps.random(length),
    nowMs,
  );
  if (!(await deps.insertPerson(person.value, own, link.id)))
    return err({ code: "conflict", detail: "somebody has signed up with this address" });
  const { id: principalId, accountId } = own.principal;
  return ok({ personId: link.personId, accountId, principalId });
}

type PersonDeps = { ring: Ring; prove: Prove };
type NewPerson = {
  id: string;
  email: string;
  emailIndex: string;
  name: string;
  password: string;
};

/** A person's record, their fields sealed and their password hashed. */
export async function newPerson(
  deps: PersonDeps,
  input: NewPerson,
  nowMs: number,
): Promise<Result<PersonRecord, Problem<"invalid-request" | "overloaded">>> {
  const checked = checkPassword(input.password, [input.email, input.name]);
  if (!checked.ok) return checked;
  const hash = await hashOf(deps.prove, input.password);
  if (!hash.ok) return hash;
  const scope = { person: input.id };
  return ok({
    id: input.id,
    status: "active",
    emailIndex: input.emailIndex,
    email: await deps.ring.seal(scope, "email", input.email),
    name: await deps.ring.seal(scope, "name", input.name),
    passwordHash: hash.value,
    totp: null,
    totpPending: null,
    totpStep: null,
    createdAtMs: nowMs,
  });
}

export async function hashOf(
  prove: Prove,
  password: string,
): Promise<Result<string, Problem<"overloaded">>> {
  const hash = await prove("hash-password", { digest: await passwordDigest(password) });
  return hash.ok ? hash : err({ code: "overloaded", retryAfterS: hash.error.retryAfterS });
}

/** An account that one person begins with, as its owner. */
export function ownAccount(
  personId: string,
  name: string,
  random: (length: number) => Uint8Array,
  nowMs: number,
): { account: AccountRecord; principal: OwnPrincipal } {
  const account: AccountRecord = {
    id: memberId("account", 0, random(ID_BYTES)),
    name,
    status: "active",
    createdAtMs: nowMs,
  };
  const principal: OwnPrincipal = {
    accountId: account.id,
    id: memberId("principal", 0, random(ID_BYTES)),
    kind: "person",
    name: "",
    role: "owner",
    status: "active",
    createdAtMs: nowMs,
    personId,
  };
  return { account, principal };
}
