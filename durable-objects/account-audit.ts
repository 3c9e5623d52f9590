import {
  type AuditFilter,
  type Draft,
  entryFrom,
  entryText,
  FIRST_PREV,
  fits,
} from "#domain/audit/model.ts";
import {
  type Completed,
  consistencyProof,
  extended,
  type Frontier,
  frontierOf,
  type Hash,
  inclusionProof,
  leafHash,
  type NodeAt,
  rootOf,
} from "#domain/audit/tree.ts";
import type { Row } from "#domain/audit/verify.ts";
import { hexOf } from "#domain/shared/bytes.ts";

export const AUDIT_STEP = `
  CREATE TABLE audit_entry (
    seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, text TEXT NOT NULL, leaf BLOB NOT NULL
  ) STRICT;
  CREATE TABLE audit_node (
    level INTEGER NOT NULL, position INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (level, position)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE audit_head (
    kind TEXT PRIMARY KEY, size INTEGER NOT NULL, at_ms INTEGER NOT NULL, note TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

/** Rows one call reads: filters are looked for among so many, and a page may come back short. */
const SCANNED_MAX = 2_000;
const TRIMMED_MAX = 5_000;

/**
 * `signed` covers the newest entry, `published` is the newest that lies in R2 as well, `trim` is what allowed the
 * entries before it to go.
 */
export type HeadKind = "signed" | "published" | "trim";
export type Head = { size: number; atMs: number; note: string };

/** Entries that have their place and are not stored yet, and the head that they make. */
export type Prepared = {
  from: number;
  rows: { text: string; leaf: Hash }[];
  nodes: Completed[];
  size: number;
  root: Hash;
  atMs: number;
};

/** What verifying a log begins with. */
export type AuditState = {
  /** Entries 1 … `trimmed` are gone. */
  trimmed: number;
  size: number;
  /** Roots of the tree of what is gone, so that the rest can be hashed on. */
  frontier: Hash[];
  signed: string | null;
  trim: string | null;
};

export type AuditPage = { items: string[]; nextBefore: number | null };

/** The audit log of one account inside its object: entries, the inner nodes of their tree, and signed heads. */
export class AuditLog {
  readonly #storage: DurableObjectStorage;
  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** What these entries will be behind those there are: each with its place and its link, and the tree's new nodes. */
  prepare(drafts: readonly Draft[], nowMs: number): Prepared {
    const from = this.#size();
    let frontier = this.#frontier(from);
    let prev = from === 0 ? FIRST_PREV : hexOf(this.#node(0, from - 1));
    const rows: Prepared["rows"] = [];
    const nodes: Completed[] = [];
    for (const draft of drafts) {
      const text = entryText(draft, frontier.size + 1, nowMs, prev);
      const leaf = leafHash(new TextEncoder().encode(text));
      const grown = extended(frontier, leaf);
      frontier = grown.frontier;
      prev = hexOf(leaf);
      nodes.push(...grown.completed);
      rows.push({ text, leaf });
    }
    return { from, rows, nodes, size: frontier.size, root: rootOf(frontier), atMs: nowMs };
  }

  /** Stores them in one transaction, with the head that covers them where it could be signed. */
  commit({ from, rows, nodes, atMs }: Prepared, head: Head | null): void {
    const { sql } = this.#storage;
    this.#storage.transactionSync(() => {
      if (this.#size() !== from) throw new Error("the log has grown since these were prepared");
      for (const [i, { text, leaf }] of rows.entries())
        sql.exec("INSERT INTO audit_entry VALUES (?, ?, ?, ?)", from + i + 1, atMs, text, leaf);
      for (const { level, index, hash } of nodes)
        sql.exec("INSERT OR REPLACE INTO audit_node VALUES (?, ?, ?)", level, index, hash);
      if (head !== null) this.setHead("signed", head);
    });
  }

  /** Newest first; `nextBefore` goes on where there may be more: a page may be short, or empty, before the end. */
  page(filter: AuditFilter, before: number | null, limit: number): AuditPage {
    const last = before === null ? this.#size() : before - 1;
    const lowest = Math.max(last - SCANNED_MAX, this.#trimmed());
    const rows = this.#storage.sql.exec<Row>(
      "SELECT seq, text FROM audit_entry WHERE seq > ? AND seq <= ? ORDER BY seq DESC",
      lowest,
      last,
    );
    const items: string[] = [];
    let next = lowest + 1;
    for (const { seq, text } of rows) {
      if (!fits(entryFrom(text), filter)) continue;
      items.push(text);
      if (items.length < limit) continue;
      next = seq;
      break;
    }
    return { items, nextBefore: next - 1 > this.#trimmed() ? next : null };
  }

  /** Entries after `after`, in their order. */
  range(after: number, limit: number): Row[] {
    return this.#storage.sql
      .exec<Row>(
        "SELECT seq, text FROM audit_entry WHERE seq > ? ORDER BY seq LIMIT ?",
        after,
        limit,
      )
      .toArray();
  }

  state(): AuditState {
    const trimmed = this.#trimmed();
    return {
      trimmed,
      size: this.#size(),
      frontier: this.#frontier(trimmed).roots,
      signed: this.head("signed")?.note ?? null,
      trim: this.head("trim")?.note ?? null,
    };
  }

  /** An entry with its way to the root of the first `size`; null where it, or what the way leads past, is not there. */
  proof(seq: number, size: number): { text: string; proof: Hash[] } | null {
    const [row] = this.#storage.sql.exec<Row>("SELECT * FROM audit_entry WHERE seq = ?", seq);
    if (row === undefined || seq > size || size > this.#size()) return null;
    const proof = this.#orNull(() => inclusionProof(seq - 1, size, this.#node));
    return proof && { text: row.text, proof };
  }

  consistency(first: number, size: number): Hash[] | null {
    if (first > size || size > this.#size()) return null;
    return this.#orNull(() => consistencyProof(first, size, this.#node));
  }

  /** The root of the first `size` entries; null where it cannot be told any more. */
  rootAt(size: number): Hash | null {
    return this.#orNull(() => rootOf(this.#frontier(size)));
  }

  size = (): number => this.#size();

  head(kind: HeadKind): Head | null {
    const [row] = this.#storage.sql.exec<{ size: number; at_ms: number; note: string }>(
      "SELECT * FROM audit_head WHERE kind = ?",
      kind,
    );
    return row === undefined ? null : { size: row.size, atMs: row.at_ms, note: row.note };
  }

  /** Never takes the place of a longer one. */
  setHead(kind: HeadKind, { size, atMs, note }: Head): void {
    this.#storage.sql.exec(
      `INSERT INTO audit_head VALUES (?, ?, ?, ?) ON CONFLICT (kind) DO UPDATE
         SET size = excluded.size, at_ms = excluded.at_ms, note = excluded.note WHERE excluded.size > size`,
      kind,
      size,
      atMs,
      note,
    );
  }

  /**
   * The oldest entries that are from before `beforeMs` by their own words, at most as many as one transaction removes,
   * hashed anew: neither a column nor a stored node can make a younger or a changed entry go.
   */
  overdue(beforeMs: number): Frontier {
    let frontier = this.#frontier(this.#trimmed());
    const oldest = this.#storage.sql.exec<Row>(
      "SELECT seq, text FROM audit_entry WHERE seq > ? ORDER BY seq LIMIT ?",
      frontier.size,
      TRIMMED_MAX,
    );
    for (const { seq, text } of oldest) {
      const entry = entryFrom(text);
      if (seq !== frontier.size + 1 || entry === null || !(Date.parse(entry.at) < beforeMs)) break;
      frontier = extended(frontier, leafHash(new TextEncoder().encode(text))).frontier;
    }
    return frontier;
  }

  /** When it was last found that nothing is old enough to go, which a plan decides. */
  lookedMs(): number | null {
    return this.#storage.kv.get<number>("auditLookedMs") ?? null;
  }

  looked(nowMs: number): void {
    this.#storage.kv.put("auditLookedMs", nowMs);
  }

  oldestMs(): number | null {
    const [row] = this.#storage.sql.exec<{ at: number }>(
      "SELECT at_ms AS at FROM audit_entry ORDER BY seq LIMIT 1",
    );
    return row?.at ?? null;
  }

  /** Removes the first `size` entries under a note that says so; what is left can still be hashed and proven. */
  trim(head: Head): void {
    const { sql } = this.#storage;
    this.#storage.transactionSync(() => {
      const kept: { level: number; position: number; hash: Hash }[] = [];
      frontierOf(head.size, (level, position) => {
        const hash = this.#node(level, position);
        kept.push({ level, position, hash });
        return hash;
      });
      sql.exec("DELETE FROM audit_entry WHERE seq <= ?", head.size);
      sql.exec("DELETE FROM audit_node WHERE ((position + 1) << level) <= ?", head.size);
      for (const { level, position, hash } of kept)
        sql.exec("INSERT OR REPLACE INTO audit_node VALUES (?, ?, ?)", level, position, hash);
      this.setHead("trim", head);
    });
  }

  #trimmed(): number {
    return this.head("trim")?.size ?? 0;
  }

  #size(): number {
    const [row] = this.#storage.sql.exec<{ seq: number | null }>(
      "SELECT max(seq) AS seq FROM audit_entry",
    );
    return Math.max(row?.seq ?? 0, this.#trimmed());
  }

  #frontier(size: number): Frontier {
    return frontierOf(size, this.#node);
  }

  readonly #node: NodeAt = (level, position) => {
    const { sql } = this.#storage;
    const [node] = sql.exec<{ hash: ArrayBuffer }>(
      `SELECT hash FROM audit_node WHERE level = ?1 AND position = ?2
         UNION ALL SELECT leaf FROM audit_entry WHERE ?1 = 0 AND seq = ?2 + 1 LIMIT 1`,
      level,
      position,
    );
    if (node === undefined) throw new MissingNode(`the audit log lacks ${level}/${position}`);
    return new Uint8Array(node.hash);
  };

  #orNull<T>(work: () => T): T | null {
    try {
      return work();
    } catch (thrown) {
      if (thrown instanceof MissingNode) return null;
      throw thrown;
    }
  }
}

class MissingNode extends Error {}
