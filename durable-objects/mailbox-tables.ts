import type { Stored } from "#domain/mailbox/message.ts";
import type { Cause } from "#domain/mailbox/outcome.ts";

/** `ready` can be given out; `held` is leased, or delayed; `behind` waits for the head of its lane; `dead` is kept to be looked at. */
export const [READY, HELD, BEHIND, DEAD] = [0, 1, 2, 3];

export const MAILBOX_STEP = `
  CREATE TABLE message (
    seq INTEGER PRIMARY KEY, state INTEGER NOT NULL, rank INTEGER NOT NULL, lane TEXT,
    token INTEGER NOT NULL DEFAULT 0, until_ms INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,
    deadline_ms INTEGER, priority INTEGER NOT NULL, sent_at_ms INTEGER NOT NULL, own INTEGER NOT NULL,
    from_account TEXT NOT NULL, from_agent TEXT, kind TEXT NOT NULL, conversation_id TEXT, in_reply_to TEXT,
    died_at_ms INTEGER, cause TEXT, reason TEXT, bytes INTEGER NOT NULL, body TEXT
  ) STRICT;
  CREATE INDEX message_ready ON message (rank, seq) WHERE state = 0;
  CREATE INDEX message_held ON message (until_ms) WHERE state = 1;
  CREATE INDEX message_lane ON message (lane, seq) WHERE lane IS NOT NULL AND state <> 3;
  CREATE INDEX message_deadline ON message (deadline_ms) WHERE deadline_ms IS NOT NULL AND state IN (0, 2);
  CREATE INDEX message_dead ON message (died_at_ms, seq) WHERE state = 3;
  CREATE TABLE message_body (seq INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
  CREATE TABLE message_seen (key TEXT NOT NULL UNIQUE, seq INTEGER NOT NULL, body_hash TEXT NOT NULL, at_ms INTEGER NOT NULL) STRICT;
  CREATE TABLE mailbox (one INTEGER PRIMARY KEY CHECK (one = 1), newest INTEGER NOT NULL) STRICT;
  CREATE TABLE mailbox_held (
    who TEXT PRIMARY KEY, messages INTEGER NOT NULL, bytes INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

export const MAILBOX_TRACE_STEP = "ALTER TABLE message ADD COLUMN traceparent TEXT";

/** What is longer lies in `message_body`: the row of a message is written again and again. */
export const LONG_BYTES = 4_096;

export type Row = {
  seq: number;
  state: number;
  lane: string | null;
  token: number;
  until_ms: number;
  attempts: number;
  own: number;
  from_account: string;
  bytes: number;
};
export type FullRow = Row & {
  from_agent: string | null;
  kind: string;
  conversation_id: string | null;
  in_reply_to: string | null;
  priority: number;
  sent_at_ms: number;
  deadline_ms: number | null;
  body: string | null;
  traceparent: string | null;
  died_at_ms: number | null;
  cause: Cause | null;
  reason: string | null;
};

export function storedOf(sql: SqlStorage, row: FullRow): Stored {
  const body =
    row.body ??
    sql.exec<{ text: string }>("SELECT text FROM message_body WHERE seq = ?", row.seq).one().text;
  return {
    seq: row.seq,
    from: { accountId: row.from_account, agentId: row.from_agent },
    kind: row.kind,
    conversationId: row.conversation_id,
    inReplyTo: row.in_reply_to,
    priority: row.priority,
    sentAtMs: row.sent_at_ms,
    deadlineMs: row.deadline_ms,
    attempts: row.attempts,
    traceparent: row.traceparent,
    body,
  };
}
