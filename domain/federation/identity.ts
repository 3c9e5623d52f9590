import { ID_BYTES, memberId } from "#domain/accounts/credential.ts";
import type { SignedIn } from "#domain/accounts/sign-in.ts";
import type { ProviderRecord } from "#domain/federation/provider.ts";
import { type Attributes, type GivenRole, roleOf } from "#domain/federation/roles.ts";
import type { PersonRecord } from "#domain/people/model.ts";
import { openSession, type SessionDeps } from "#domain/people/sign-in.ts";
import type { Ring } from "#domain/people/sign-up.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, type Result } from "#domain/shared/result.ts";

/** Whom a provider vouches for, once its answer was verified. */
export type Identity = {
  /** Never given to anybody else by that provider: `sub`, or a persistent name id. */
  subject: string;
  attributes: Attributes;
  name: string;
  email: string;
  /** Whether the provider says that a second factor was proven just now (RFC 8176 `amr`). */
  secondFactor: boolean;
};

/** Who a subject is here. */
export type Linked = { principalId: string; personId: string; role: string; active: boolean };

/** Somebody new: the person, whose fields are sealed, and their place in the account. */
export type Newcomer = { person: PersonRecord; principalId: string; role: GivenRole };
/** A subject by its provider; the subject itself is stored nowhere in clear, it may be an e-mail address. */
export type Subject = { accountId: string; providerId: string; index: string };

/** What signing in needs from outside. Everything is the provider's account's own. */
type Deps = SessionDeps & {
  ring: Ring;
  linked(subject: Subject): Promise<Linked | null>;
  /** Somebody whom the directory put here, by what it calls them. */
  provisioned(accountId: string, value: string): Promise<Linked | null>;
  groupsOf(accountId: string, principalIds: readonly string[]): Promise<{ name: string }[]>;
  linkKnown(subject: Subject, known: Linked, nowMs: number): Promise<void>;
  /** Makes person, principal and link, unless the subject has one already: of two who come at once, one makes them. */
  linkNew(subject: Subject, made: Newcomer, nowMs: number): Promise<"linked" | "too-many">;
  setRole(accountId: string, principalId: string, role: GivenRole): Promise<void>;
};

type Refusal = Problem<"sign-in-refused" | "forbidden">;

/**
 * Opens a session for whom the provider vouches. A person is found by provider and subject alone, never by an e-mail
 * address: whoever runs a provider can claim any address, and must reach nobody else's person by it.
 */
export async function signInByProvider(
  deps: Deps,
  provider: ProviderRecord,
  identity: Identity,
  nowMs: number,
): Promise<Result<SignedIn, Refusal>> {
  const { accountId, id: providerId } = provider;
  const index = await deps.ring.blindIndex(
    "federated-subject",
    `${providerId}\n${identity.subject}`,
  );
  const subject = { accountId, providerId, index };
  const known =
    (await deps.linked(subject)) ?? (await inDirectory(deps, provider, identity, subject, nowMs));
  const attributes = await withGroups(deps, provider, identity.attributes, known);
  const role = roleOf(provider.roles, provider.defaultRole, attributes);
  if (role === null) return refused("no rule of the provider gives you a role");
  if (known === null && provider.provisioning === "scim")
    return refused("the directory has not put you here");
  const found = known ?? (await madeHere(deps, identity, subject, role, nowMs));
  if (found === null) return refused("the account has no room for more people");
  if (!found.active) return refused("you were taken out of the account");
  // An owner stays one: only owners make and unmake owners.
  if (found.role !== role && found.role !== "owner")
    await deps.setRole(accountId, found.principalId, role);
  const factorAtMs = identity.secondFactor ? nowMs : null;
  return await openSession(deps, { personId: found.personId, accountId, factorAtMs }, nowMs);
}

/** Somebody who comes for the first time and whom the directory put here before. */
async function inDirectory(
  deps: Deps,
  { linkAttribute }: ProviderRecord,
  identity: Identity,
  subject: Subject,
  nowMs: number,
): Promise<Linked | null> {
  for (const value of identity.attributes.get(linkAttribute)?.slice(0, 4) ?? []) {
    const known = await deps.provisioned(subject.accountId, value);
    // Whoever writes the directory chooses by what somebody is found in it, and must not become an owner by that.
    if (known === null || known.role === "owner") continue;
    await deps.linkKnown(subject, known, nowMs);
    return known;
  }
  return null;
}

/** With the directory's groups, where it is the directory that brings people. */
async function withGroups(
  deps: Deps,
  { accountId, provisioning }: ProviderRecord,
  attributes: Attributes,
  known: Linked | null,
): Promise<Attributes> {
  if (provisioning !== "scim" || known === null) return attributes;
  const groups = await deps.groupsOf(accountId, [known.principalId]);
  const names = groups.map(({ name }) => name);
  return new Map([...attributes, ["groups", [...(attributes.get("groups") ?? []), ...names]]]);
}

/** Somebody new; null where the account has no room. */
async function madeHere(
  deps: Deps,
  identity: Identity,
  subject: Subject,
  role: GivenRole,
  nowMs: number,
): Promise<Linked | null> {
  const person = await federatedPerson(deps, identity, nowMs);
  const made = { person, principalId: memberId("principal", 0, deps.random(ID_BYTES)), role };
  if ((await deps.linkNew(subject, made, nowMs)) === "too-many") return null;
  return await deps.linked(subject);
}

/**
 * A person who signs in by a provider alone. Their address is not looked up by: it is the provider's word, and must not keep
 * whoever has it from signing up, nor be mailed to.
 */
export async function federatedPerson(
  deps: Pick<Deps, "ring" | "random">,
  { name, email }: Pick<Identity, "name" | "email">,
  nowMs: number,
): Promise<PersonRecord> {
  const id = memberId("person", 0, deps.random(ID_BYTES));
  const scope = { person: id };
  return {
    id,
    status: "active",
    emailIndex: null,
    email: await deps.ring.seal(scope, "email", email.slice(0, LIMITS.emailCharsMax)),
    name: await deps.ring.seal(scope, "name", name.slice(0, LIMITS.nameCharsMax)),
    passwordHash: null,
    totp: null,
    totpPending: null,
    totpStep: null,
    createdAtMs: nowMs,
  };
}

const refused = (detail: string) => err({ code: "sign-in-refused" as const, detail });
