/** Of a table what an export shows: columns by name, so that a secret column that is added stays out. */
export type ExportedRows = {
  name: string;
  table: string;
  columns: readonly string[];
  /** The column that the account, the person or the principal is in. */
  by: string;
  /** Sealed columns: under which field they open. */
  sealed?: Readonly<Record<string, string>>;
};

const KEY =
  "id, principal_id, agent_id, name, scopes, created_at_ms, expires_at_ms, last_used_at_ms, revoked_at_ms";
const SESSION = "id, account_id, principal_id, key_id, scopes, created_at_ms, expires_at_ms";
const GRANT =
  "id, account_id, principal_id, client_id, scopes, audience, created_at_ms, expires_at_ms, revoked_at_ms";
const of = (text: string): string[] => text.split(", ");

export const OF_ACCOUNT: readonly ExportedRows[] = [
  {
    name: "account",
    table: "account",
    columns: of("id, name, status, created_at_ms, region, plan"),
    by: "id",
  },
  { name: "keys", table: "api_key", columns: of(KEY), by: "account_id" },
  {
    name: "agents",
    table: "agent",
    columns: of(
      "id, principal_id, name, type, description, capabilities, visibility, accepts, state, version, created_at_ms, updated_at_ms",
    ),
    by: "account_id",
  },
  { name: "sessions", table: "session", columns: of(SESSION), by: "account_id" },
  {
    name: "invitations",
    table: "invitation",
    columns: of("id, account_id, email, role, invited_by, created_at_ms, expires_at_ms"),
    by: "account_id",
    sealed: { email: "invitation.email" },
  },
  {
    name: "policies",
    table: "policy",
    columns: of("version, otherwise, rules, principal_id, created_at_ms"),
    by: "account_id",
  },
  {
    name: "webhooks",
    table: "webhook",
    columns: of(
      "id, principal_id, url, events, topics, ordered, description, state, reason, version, created_at_ms, updated_at_ms",
    ),
    by: "account_id",
  },
  {
    name: "identity-providers",
    table: "identity_provider",
    columns: of(
      "id, name, enabled, provisioning, roles, default_role, link_attribute, version, created_at_ms",
    ),
    by: "account_id",
  },
  {
    name: "channels",
    table: "channel",
    columns: of(
      "id, type, name, agent_id, state, config, outbound_per_minute, inbound_per_minute, version, created_at_ms",
    ),
    by: "account_id",
  },
  {
    name: "identities",
    table: "federated_identity",
    columns: of("provider_id, principal_id, created_at_ms"),
    by: "account_id",
  },
  {
    name: "clients",
    table: "oauth_client",
    columns: of(
      "id, principal_id, name, uri, redirect_uris, grant_types, scopes, auth_method, created_at_ms, revoked_at_ms",
    ),
    by: "account_id",
  },
  { name: "grants", table: "oauth_grant", columns: of(GRANT), by: "account_id" },
  {
    name: "erasures",
    table: "erasure",
    columns: of("id, pseudonym, asked_by, units, started_at_ms, finished_at_ms, certificate"),
    by: "account_id",
  },
];

export const OF_PERSON: readonly ExportedRows[] = [
  { name: "sessions", table: "session", columns: of(SESSION), by: "person_id" },
  {
    name: "passkeys",
    table: "passkey",
    columns: of("id, name, transports, created_at_ms, last_used_at_ms"),
    by: "person_id",
  },
  {
    name: "mails",
    table: "mail",
    columns: of("id, recipient, kind, created_at_ms"),
    by: "person_id",
    sealed: { recipient: "mail.recipient" },
  },
  {
    name: "links",
    table: "mail_link",
    columns: of("id, purpose, email, expires_at_ms"),
    by: "person_id",
    sealed: { email: "mail-link.email" },
  },
];

/** What is theirs by the principal that they are in an account. */
export const OF_PRINCIPAL: readonly ExportedRows[] = [
  { name: "keys", table: "api_key", columns: of(`account_id, ${KEY}`), by: "principal_id" },
  { name: "grants", table: "oauth_grant", columns: of(GRANT), by: "principal_id" },
  {
    name: "identities",
    table: "federated_identity",
    columns: of("provider_id, account_id, principal_id, created_at_ms"),
    by: "principal_id",
  },
];

const ROWS_PER_PAGE = 500;

/** A page of rows as an export shows them, in camelCase; sealed columns still sealed. */
export async function exportedPage(
  shard: D1Database,
  { table, columns, by }: ExportedRows,
  id: string,
  page: number,
): Promise<Record<string, unknown>[]> {
  const named = columns.map((column) => `${column} AS "${camel(column)}"`).join(", ");
  const { results } = await shard
    .prepare(`SELECT ${named} FROM ${table} WHERE ${by} = ? ORDER BY 1, 2 LIMIT ? OFFSET ?`)
    .bind(id, ROWS_PER_PAGE, page * ROWS_PER_PAGE)
    .all();
  return results;
}

export const camel = (column: string): string =>
  column.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
