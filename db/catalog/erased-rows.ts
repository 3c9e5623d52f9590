/**
 * What an erasure does to one table of the catalog: to the rows of the member's principal in its account, or of the whole
 * person where they are in no other account. Without `set` the rows go; with it they stay as `to`, for what refers to
 * them, and `isLeft` finds one that was not changed.
 */
export type ErasedRows = {
  table: string;
  column: string;
  by: "principal" | "person";
  set?: { to: string; isLeft: string };
};

/** In this order: a principal is found by its person until it is changed itself. */
export const ERASED_ROWS: readonly ErasedRows[] = [
  ...["session", "api_key", "console_code", "oauth_grant", "oauth_code", "oauth_device"].map(
    (table): ErasedRows => ({ table, column: "principal_id", by: "principal" }),
  ),
  { table: "push_subscription", column: "principal_id", by: "principal" },
  { table: "oauth_client", column: "principal_id", by: "principal" },
  ...["federated_identity", "scim_user", "scim_member"].map((table): ErasedRows => ({
    table,
    column: "principal_id",
    by: "principal",
  })),
  { table: "scim_user", column: "person_id", by: "person" },
  ...["session", "passkey", "recovery_code", "mail_link", "mail", "invitation"].map(
    (table): ErasedRows => ({ table, column: "person_id", by: "person" }),
  ),
  {
    table: "person",
    column: "id",
    by: "person",
    set: {
      to: `status = 'erased', email_index = NULL, email = '', name = '', password_hash = NULL,
           totp = NULL, totp_pending = NULL, totp_step = NULL`,
      isLeft: "status <> 'erased'",
    },
  },
  {
    table: "principal",
    column: "id",
    by: "principal",
    set: {
      to: "status = 'erased', role = 'viewer', name = '', person_id = NULL",
      isLeft: "status <> 'erased'",
    },
  },
];

/**
 * Columns that name a principal or a person and stay as they are: an id that stands for nobody any more. Every other
 * such column of the catalog is in `ERASED_ROWS` (tests/erasure.test.ts looks).
 */
export const KEPT_COLUMNS: Readonly<Record<string, string>> = {
  "installation.principal_id": "which principal was made at set-up",
  "policy.principal_id": "who wrote a rule that is in force",
  "agent.principal_id": "who registered an agent that its account goes on having",
  "webhook.principal_id": "who made a webhook that its account goes on having",
  "invitation.invited_by": "an invitation ends by itself within days",
  "erasure.principal_id": "whose erasure it was, so that a backup cannot undo it",
  "erasure.person_id": "the same",
  "erasure.asked_by": "a pseudonym",
  "principal.person_id": "goes with what is changed of its row",
};
