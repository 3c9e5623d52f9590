import type { Checkpoint } from "#domain/audit/note.ts";
import {
  extended,
  type Frontier,
  type Hash,
  isFrontier,
  isSame,
  leafHash,
  rootOf,
} from "#domain/audit/tree.ts";
import { hexOf } from "#domain/shared/bytes.ts";
import { FIRST_PREV } from "#domain/audit/model.ts";

/** What is wrong with a log: at which entry it was noticed, and what was done to it. */
export type Wrong = {
  seq: number;
  /**
   * `changed`: an entry is not what later ones, or a signed head, were made of. `missing`: entries are gone from the
   * middle or the beginning. `reordered`: an entry stands where another was. `truncated`: a signed head is longer.
   * `unsigned`: no signature covers any of it.
   */
  reason: "changed" | "missing" | "reordered" | "truncated" | "unsigned";
};

export type Row = { seq: number; text: string };

const utf8 = new TextEncoder();

/** Reads a log from its first entry to its last and tells the first thing that is wrong. */
export function logChecker(start: Frontier, heads: readonly Checkpoint[], trim: Checkpoint | null) {
  const signed = new Map<number, Hash[]>();
  for (const { size, root } of heads) signed.set(size, [...(signed.get(size) ?? []), root]);
  let frontier = start;
  let prev: string | undefined = start.size === 0 ? FIRST_PREV : undefined;

  const matchesHeads = (): boolean =>
    (signed.get(frontier.size) ?? []).every((root) => isSame(root, rootOf(frontier)));

  return {
    /** Before the first entry: what was trimmed away must have been signed away. */
    begin(): Wrong | null {
      if (start.size === 0) return null;
      const isTrimmed =
        trim !== null &&
        trim.size === start.size &&
        isFrontier(start) &&
        isSame(trim.root, rootOf(start));
      return isTrimmed && matchesHeads() ? null : { seq: start.size, reason: "missing" };
    },

    take({ seq, text }: Row): Wrong | null {
      const expected = frontier.size + 1;
      if (seq !== expected) return { seq: expected, reason: "missing" };
      const said = linkOf(text);
      if (said === null) return { seq, reason: "changed" };
      if (said.seq !== seq) return { seq, reason: "reordered" };
      if (prev !== undefined && said.prev !== prev)
        return { seq: Math.max(1, seq - 1), reason: "changed" };
      const leaf = leafHash(utf8.encode(text));
      prev = hexOf(leaf);
      frontier = extended(frontier, leaf).frontier;
      return matchesHeads() ? null : { seq, reason: "changed" };
    },

    /** After the last: no signed head may be longer, and one has to be there. */
    end(): Wrong | null {
      const { size } = frontier;
      const longest = Math.max(-1, ...signed.keys());
      if (longest > size) return { seq: size + 1, reason: "truncated" };
      return longest === -1 && size > 0 ? { seq: 1, reason: "unsigned" } : null;
    },

    head: () => ({ size: frontier.size, root: hexOf(rootOf(frontier)) }),
  };
}

function linkOf(text: string): { seq: unknown; prev: unknown } | null {
  try {
    const entry = JSON.parse(text) as { seq?: unknown; prev?: unknown } | null;
    return entry === null ? null : { seq: entry.seq, prev: entry.prev };
  } catch {
    return null;
  }
}

/** Entries read at once. */
const PAGE = 500;

type Deps = {
  state(): Promise<{
    trimmed: number;
    size: number;
    frontier: Hash[];
    signed: string | null;
    trim: string | null;
  }>;
  range(after: number, limit: number): Promise<Row[]>;
  /** Heads that lie elsewhere, signatures checked. */
  heads: readonly Checkpoint[];
  /** What a note says, if it was signed for this log. */
  open(note: string): Promise<Checkpoint | null>;
};

export type Verified = {
  valid: boolean;
  /** How many there are to read. */
  entries: number;
  head: { size: number; root: string };
  wrong: Wrong | null;
};

/**
 * Hashes every entry anew and compares with the links between them, with the head that the log's own object keeps, and
 * with those that were published. Entries that come while it reads are left for the next time.
 */
export async function verifyLog(deps: Deps): Promise<Verified> {
  const before = await deps.state();
  const found = await readLog(deps, before);
  // What was trimmed while it was read looks like something missing.
  const after = found.valid ? before : await deps.state();
  return after.trimmed === before.trimmed ? found : await readLog(deps, after);
}

async function readLog(deps: Deps, state: Awaited<ReturnType<Deps["state"]>>): Promise<Verified> {
  const { trimmed, size, frontier } = state;
  const signed = state.signed === null ? null : await deps.open(state.signed);
  const trim = state.trim === null ? null : await deps.open(state.trim);
  const heads = [...deps.heads, ...(signed ? [signed] : [])].filter(
    (head) => head.size >= trimmed && !head.trim,
  );
  const checker = logChecker({ size: trimmed, roots: frontier }, heads, trim?.trim ? trim : null);
  let wrong = checker.begin();
  for (let at = trimmed; at < size && wrong === null;) {
    const rows = await deps.range(at, Math.min(PAGE, size - at));
    for (const row of rows) wrong ??= checker.take(row);
    if (rows.length === 0) wrong ??= { seq: at + 1, reason: "missing" };
    at += rows.length;
  }
  // A note that is there and says nothing was tampered with, as much as an entry.
  if (state.signed !== null && signed === null) wrong ??= { seq: size, reason: "unsigned" };
  wrong ??= checker.end();
  return { valid: wrong === null, entries: size - trimmed, head: checker.head(), wrong };
}
