import type { keyRing } from "#adapters/key-ring.ts";
import type { Principal } from "#domain/accounts/model.ts";
import type { AuditFilter, Draft } from "#domain/audit/model.ts";
import { type Checkpoint, openNote } from "#domain/audit/note.ts";
import { checkpointFolder } from "#domain/audit/places.ts";
import { verifyLog } from "#domain/audit/verify.ts";
import { ErasedError } from "#db/catalog/held-keys.ts";

/** Published heads that verifying looks at, newest first: every log has far fewer that differ in what they say. */
const HEADS_MAX = 100;

type Ring = ReturnType<typeof keyRing>;
type Needs = Pick<Env, "ACCOUNT" | "BLOBS">;

/** The audit logs of accounts, each in its `Account` object, with its published heads in R2. */
export function audits({ ACCOUNT, BLOBS }: Needs, ring: Ring) {
  const logOf = (accountId: string) => ACCOUNT.getByName(accountId);
  const names = namesOf(ring);

  /** Notes that the installation's key signed for this log, newest first. */
  async function published(
    accountId: string,
    limit = HEADS_MAX,
  ): Promise<{ note: string; checkpoint: Checkpoint }[]> {
    const { publicKey } = await ring.signer();
    const { objects } = await BLOBS.list({
      prefix: checkpointFolder(accountId),
      include: ["customMetadata"],
      limit,
    });
    const notes = objects.map(({ customMetadata }) =>
      decodeURIComponent(customMetadata?.["note"] ?? ""),
    );
    const opened = await Promise.all(
      notes.map(async (note) => ({ note, checkpoint: await openNote(note, publicKey) })),
    );
    return opened.flatMap(({ note, checkpoint }) =>
      checkpoint === null || checkpoint.accountId !== accountId ? [] : [{ note, checkpoint }],
    );
  }

  return {
    record: (accountId: string, draft: Draft) => recordIn(logOf(accountId), accountId, draft),

    page: async (accountId: string, filter: AuditFilter, before: number | null, limit: number) =>
      await logOf(accountId).auditPage(filter, before, limit),

    range: async (accountId: string, after: number, limit: number) =>
      await logOf(accountId).auditRange(after, limit),

    published,

    publicKey: async () => (await ring.signer()).publicKey,

    /** An entry, and how it is in what was signed last; null where there is no such entry. */
    async proof(accountId: string, seq: number) {
      const { signed } = await logOf(accountId).auditState();
      const head = signed === null ? null : await openNote(signed, (await ring.signer()).publicKey);
      const found = head && (await logOf(accountId).auditProof(seq, head.size));
      return head === null || found === null ? null : { ...found, note: signed, head };
    },

    consistency: async (accountId: string, first: number, size: number) =>
      await logOf(accountId).auditConsistency(first, size),

    /** Reads the whole log, and tells whether it is what was signed. */
    async verify(accountId: string) {
      const [{ publicKey }, heads] = await Promise.all([ring.signer(), published(accountId)]);
      return await verifyLog({
        state: () => logOf(accountId).auditState(),
        range: (after, limit) => logOf(accountId).auditRange(after, limit),
        heads: heads.map(({ checkpoint }) => checkpoint),
        open: async (note) => {
          const opened = await openNote(note, publicKey);
          return opened?.accountId === accountId ? opened : null;
        },
      });
    },

    /** Who acted, as an entry names them: nobody reads a person's id in a log that is never rewritten. */
    async actor(
      principal: Pick<Principal, "accountId" | "principalId" | "keyId" | "sessionId" | "token">,
    ): Promise<Draft["actor"]> {
      const { accountId, principalId, keyId, sessionId, token } = principal;
      const id = await names.nameOf(principalId, accountId);
      const credential = sessionId ?? token?.clientId.slice(0, 200) ?? keyId;
      return credential === undefined ? { id } : { id, credential };
    },

    ...names,
  };
}

function namesOf(ring: Ring) {
  /** A principal's pseudonym in an account's log. */
  async function nameOf(principalId: string, accountId: string): Promise<string> {
    try {
      return await ring.pseudonym(principalId, accountId);
    } catch (thrown) {
      if (thrown instanceof ErasedError) return "erased";
      throw thrown;
    }
  }

  return {
    nameOf,

    /** The same for whoever may be nobody: asking about an id makes no key for it. */
    knownNameOf: async (principalId: string, accountId: string): Promise<string> =>
      (await ring.isKnown(principalId)) ? await nameOf(principalId, accountId) : "unknown",
  };
}

/** Stored and signed when it answers, with the entry's number. Too many at once are an overload: a 503 to the client. */
async function recordIn(
  log: ReturnType<Env["ACCOUNT"]["getByName"]>,
  accountId: string,
  draft: Draft,
): Promise<number> {
  const seq = await log.record(accountId, draft);
  if (seq === null)
    throw Object.assign(new Error("the account's audit log is busy"), { overloaded: true });
  return seq;
}
