import { z } from "zod";
import { counted } from "#domain/people/attempts.ts";
import { DEVICE_BYTES, newDevice } from "#domain/people/devices.ts";
import { type FactorDeps, type PersonWithFactors } from "#domain/people/factors.ts";
import { linkKeyOf, type LinkRecord, type MailPurpose } from "#domain/people/links.ts";
import { mailRecord, type MailRecord, mailText } from "#domain/people/mail.ts";
import { passwordText, type PersonRecord } from "#domain/people/model.ts";
import { checkPassword, NOBODYS_HASH, passwordDigest } from "#domain/people/password.ts";
import {
  emailIndexOf,
  hashOf,
  LINK_REFUSED,
  type Ring,
  tokenText,
} from "#domain/people/sign-up.ts";
import { ID_BYTES } from "#domain/accounts/credential.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

export const resetCompletion = z.strictObject({ token: tokenText, password: passwordText });
export const passwordChange = z.strictObject({ password: passwordText, newPassword: passwordText });
export const deviceCompletion = z.strictObject({ token: tokenText });

const GUESSES_MAX = 5;

/** Whether a session's person knows their password, counted per person: whoever asks has a session of theirs already. */
export async function provenAgain(
  deps: Pick<FactorDeps, "sha256Hex" | "countAttempt" | "clearAttempt" | "prove">,
  person: PersonRecord,
  password: string,
  nowMs: number,
): Promise<Result<null, Problem<"forbidden" | "too-many-requests" | "overloaded">>> {
  const attempt = await counted(deps, `password again ${person.id}`, GUESSES_MAX, nowMs);
  if (!attempt.ok) return attempt;
  const proof = await deps.prove("verify-password", {
    digest: await passwordDigest(password),
    hash: person.passwordHash ?? NOBODYS_HASH,
  });
  if (!proof.ok) return err({ code: "overloaded", retryAfterS: proof.error.retryAfterS });
  if (!proof.value || person.passwordHash === null)
    return err({ code: "forbidden", detail: "give your password; set one first if you have none" });
  await deps.clearAttempt(attempt.value.attemptId);
  return ok(null);
}

type LinkDeps = Pick<FactorDeps, "sha256Hex"> & {
  ring: Ring;
  link(id: string, hash: string, purpose: MailPurpose, nowMs: number): Promise<LinkRecord | null>;
};

/** The link of a token, and the address it was mailed to; null where it opens nothing. */
async function opened(deps: LinkDeps, token: string, purpose: MailPurpose, nowMs: number) {
  const key = await linkKeyOf(deps, token);
  const link = key && (await deps.link(key.id, key.hash, purpose, nowMs));
  const email = link && (await deps.ring.open("installation", "mail-link.email", link.email));
  return link && email != null ? { link, email } : null;
}

type ResetDeps = LinkDeps &
  Pick<FactorDeps, "prove" | "publicUrl"> & {
    random(length: number): Uint8Array;
    person(id: string): Promise<PersonWithFactors | null>;
    /** With what it ends and the mail that tells of it; `linkId` null where no link was used. False where it is used up. */
    setPassword(
      change: {
        personId: string;
        hash: string;
        linkId: string | null;
        keepSessionId: string | null;
      },
      mail: MailRecord,
    ): Promise<boolean>;
  };

type Reset = { personId: string; device: string };

/**
 * The link came back: sets the password and ends every session. What proves a second factor stays, so a mailbox alone
 * signs nobody in who has one. The browser is known from now on, whatever others have guessed.
 */
export async function completeReset(
  deps: ResetDeps,
  input: z.infer<typeof resetCompletion>,
  nowMs: number,
): Promise<Result<Reset, Problem<"invalid-request" | "overloaded">>> {
  const found = await opened(deps, input.token, "password-reset", nowMs);
  const person = found && (await deps.person(found.link.personId));
  if (!found || person?.status !== "active") return err(LINK_REFUSED);
  const set = await changed(deps, person, input.password, { linkId: found.link.id }, nowMs);
  if (!set.ok) return set;
  const random = deps.random(DEVICE_BYTES);
  const device = await newDevice(deps.ring, found.link.emailIndex, random, nowMs);
  return ok({ personId: person.id, device });
}

/** Sets another password for who knows the present one; every other session of theirs ends. */
export async function changePassword(
  deps: ResetDeps & FactorDeps,
  person: PersonWithFactors,
  input: z.infer<typeof passwordChange>,
  keepSessionId: string | null,
  nowMs: number,
): Promise<
  Result<null, Problem<"invalid-request" | "forbidden" | "too-many-requests" | "overloaded">>
> {
  const proven = await provenAgain(deps, person, input.password, nowMs);
  if (!proven.ok) return proven;
  const set = await changed(deps, person, input.newPassword, { keepSessionId }, nowMs);
  return set.ok ? ok(null) : set;
}

async function changed(
  deps: ResetDeps,
  person: PersonWithFactors,
  password: string,
  by: { linkId?: string; keepSessionId?: string | null },
  nowMs: number,
): Promise<Result<null, Problem<"invalid-request" | "overloaded">>> {
  const scope = { person: person.id };
  const email = (await deps.ring.open(scope, "email", person.email)) ?? "";
  const name = (await deps.ring.open(scope, "name", person.name)) ?? "";
  const pointer = by.linkId === undefined ? "/newPassword" : "/password";
  const checked = checkPassword(password, [email, name], pointer);
  if (!checked.ok) return checked;
  const hash = await hashOf(deps.prove, password);
  if (!hash.ok) return hash;
  const kind = "password-changed";
  const mail = { to: email, kind, text: mailText(kind, deps.publicUrl, "") } as const;
  const isSet = await deps.setPassword(
    {
      personId: person.id,
      hash: hash.value,
      linkId: by.linkId ?? null,
      keepSessionId: by.keepSessionId ?? null,
    },
    await mailRecord(deps.ring, person.id, mail, deps.random(ID_BYTES), nowMs),
  );
  return isSet ? ok(null) : err(LINK_REFUSED);
}

/** The link came back on a device that is to be known: guesses from elsewhere hold it up no more. It signs nobody in. */
export async function knowDevice(
  deps: LinkDeps & {
    random(length: number): Uint8Array;
    takeLink(id: string): Promise<boolean>;
  },
  token: string,
  nowMs: number,
): Promise<Result<{ device: string }, Problem<"invalid-request">>> {
  const found = await opened(deps, token, "new-device", nowMs);
  if (found === null || !(await deps.takeLink(found.link.id))) return err(LINK_REFUSED);
  const emailIndex = await emailIndexOf(deps.ring, found.email);
  return ok({ device: await newDevice(deps.ring, emailIndex, deps.random(DEVICE_BYTES), nowMs) });
}
