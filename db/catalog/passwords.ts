import { eq } from "drizzle-orm";
import type { MailRecord } from "#domain/people/mail.ts";
import { mailLink } from "#db/catalog/people-tables.ts";
import type { PeopleDb } from "#db/catalog/people.ts";

/** Whose the person is in each of their accounts; ?1 is the person. */
const THEIRS =
  "(account_id, principal_id) IN (SELECT account_id, id FROM principal WHERE person_id = ?1)";

/** Setting a password, and what ends with it. */
export function passwords(db: PeopleDb, shard: D1Database) {
  return {
    /** A link that works once; of two who bring it at once, one has it. */
    async takeLink(id: string): Promise<boolean> {
      const taken = await db
        .delete(mailLink)
        .where(eq(mailLink.id, id))
        .returning({ id: mailLink.id });
      return taken.length > 0;
    },

    /**
     * The password, the end of sessions and links, and the mail that tells of it: all, or nothing where the link is used up.
     * By a link, also the end of what programs may do for the person: somebody else may have agreed to it.
     */
    async setPassword(
      change: {
        personId: string;
        hash: string;
        linkId: string | null;
        keepSessionId: string | null;
      },
      record: MailRecord,
    ): Promise<boolean> {
      const { personId, hash, linkId, keepSessionId } = change;
      const isReset = "EXISTS (SELECT 1 FROM mail_link WHERE id = ?2)";
      const isOpen = `(?2 IS NULL OR ${isReset})`;
      const [set] = await shard.batch([
        shard
          .prepare(`UPDATE person SET password_hash = ?3 WHERE id = ?1 AND ${isOpen}`)
          .bind(personId, linkId, hash),
        shard
          .prepare(`DELETE FROM session WHERE person_id = ?1 AND id <> ?3 AND ${isOpen}`)
          .bind(personId, linkId, keepSessionId ?? ""),
        shard
          .prepare(
            `UPDATE oauth_grant SET revoked_at_ms = ?3
             WHERE ${THEIRS} AND revoked_at_ms IS NULL AND ${isReset}`,
          )
          .bind(personId, linkId, record.createdAtMs),
        ...["oauth_code", "oauth_device"].map((agreed) =>
          shard
            .prepare(`DELETE FROM ${agreed} WHERE ${THEIRS} AND ${isReset}`)
            .bind(personId, linkId),
        ),
        shard
          .prepare(
            `INSERT INTO mail (id, person_id, recipient, kind, body, created_at_ms)
             SELECT ?3, ?1, ?4, ?5, ?6, ?7 WHERE ${isOpen}`,
          )
          .bind(
            personId,
            linkId,
            record.id,
            record.recipient,
            record.kind,
            record.body,
            record.createdAtMs,
          ),
        shard
          .prepare("DELETE FROM mail_link WHERE person_id = ?1 AND purpose = 'password-reset'")
          .bind(personId),
      ]);
      return (set?.meta.changes ?? 0) > 0;
    },
  };
}
