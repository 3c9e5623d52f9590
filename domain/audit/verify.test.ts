import { describe, expect, it } from "vitest";
import { type Draft, entryFrom, entryText, FIRST_PREV, fits } from "#domain/audit/model.ts";
import { type Checkpoint, openNote, signedNote, verifierKey } from "#domain/audit/note.ts";
import { EMPTY_FRONTIER, extended, type Frontier, leafHash, rootOf } from "#domain/audit/tree.ts";
import { logChecker, type Row, type Wrong } from "#domain/audit/verify.ts";
import { signerOf } from "#domain/protection/signing.ts";
import { hexOf } from "#domain/shared/bytes.ts";

const utf8 = new TextEncoder();
const draft = (action: string): Draft => ({
  phase: "noted",
  action,
  actor: { id: "ps_1" },
  resource: { type: "key" },
});

/** A log of `n` entries with its frontier after each. */
function logOf(n: number): { rows: Row[]; frontiers: Frontier[] } {
  const rows: Row[] = [];
  const frontiers = [EMPTY_FRONTIER];
  let prev = FIRST_PREV;
  for (let seq = 1; seq <= n; seq++) {
    const text = entryText(draft(`a.${seq}`), seq, seq * 1_000, prev);
    const leaf = leafHash(utf8.encode(text));
    prev = hexOf(leaf);
    rows.push({ seq, text });
    frontiers.push(extended(frontiers.at(-1) ?? EMPTY_FRONTIER, leaf).frontier);
  }
  return { rows, frontiers };
}

const { rows, frontiers } = logOf(12);
const headAt = (size: number, trim = false): Checkpoint => ({
  accountId: "a0_1",
  size,
  root: rootOf(frontiers[size] ?? EMPTY_FRONTIER),
  atMs: 0,
  trim,
});

function check(
  entries: readonly Row[],
  heads: Checkpoint[] = [headAt(12)],
  start = EMPTY_FRONTIER,
  trim: Checkpoint | null = null,
): Wrong | null {
  const checker = logChecker(start, heads, trim);
  let wrong = checker.begin();
  for (const row of entries) wrong ??= checker.take(row);
  return wrong ?? checker.end();
}

const edited = (at: number, text: (before: string) => string) =>
  rows.map((row, i) => (i === at ? { ...row, text: text(row.text) } : row));

describe("checking a log", () => {
  it("finds nothing wrong with one that nobody touched, signed to its end or to an earlier one", () => {
    expect(check(rows)).toBeNull();
    expect(check(rows, [headAt(0), headAt(3), headAt(7)])).toBeNull();
    expect(check([], [])).toBeNull();
  });

  it("finds every edit of every entry, also of the last", () => {
    for (let at = 0; at < rows.length; at++) {
      const wrong = check(edited(at, (text) => text.replace('"a.', '"b.')));
      expect(wrong?.reason, String(at)).toBe("changed");
      expect(wrong?.seq).toBe(at + 1);
    }
  });

  it("finds an edit after which every later link was made anew, by what had been signed", () => {
    const forged = logOf(12).rows;
    let prev = FIRST_PREV;
    for (const [i, row] of forged.entries()) {
      row.text = entryText(draft(i === 4 ? "forged" : `a.${i + 1}`), i + 1, (i + 1) * 1_000, prev);
      prev = hexOf(leafHash(utf8.encode(row.text)));
    }
    expect(check(forged)).toMatchObject({ seq: 12, reason: "changed" });
    expect(check(forged, [headAt(4), headAt(6), headAt(12)])).toMatchObject({ seq: 6 });
  });

  it("finds entries that are gone from the middle, the beginning and the end", () => {
    expect(check(rows.toSpliced(5, 1))).toEqual({ seq: 6, reason: "missing" });
    expect(check(rows.slice(2))).toEqual({ seq: 1, reason: "missing" });
    expect(check(rows.slice(0, 11))).toEqual({ seq: 12, reason: "truncated" });
    expect(check([], [headAt(12)])).toEqual({ seq: 1, reason: "truncated" });
    const renumbered = rows.toSpliced(5, 1).map((row, i) => ({ ...row, seq: i + 1 }));
    expect(check(renumbered)).toEqual({ seq: 6, reason: "reordered" });
  });

  it("finds two entries that changed places", () => {
    const texts = rows.map(({ text }) => text);
    const swapped = rows.map((row, i) => ({
      ...row,
      text: (i === 3 ? texts[4] : i === 4 ? texts[3] : row.text) ?? "",
    }));
    expect(check(swapped)).toEqual({ seq: 4, reason: "reordered" });
  });

  it("takes nobody's word for a log that nothing signs", () => {
    expect(check(rows, [])).toEqual({ seq: 1, reason: "unsigned" });
  });

  it("accepts a beginning that was signed away, and no other", () => {
    const start = frontiers[5] ?? EMPTY_FRONTIER;
    const left = rows.slice(5);
    expect(check(left, [headAt(12)], start, headAt(5, true))).toBeNull();
    expect(check(left, [headAt(12)], start, null)?.reason).toBe("missing");
    expect(check(left, [headAt(12)], start, headAt(4, true))?.reason).toBe("missing");
    expect(check(rows.slice(6), [headAt(12)], start, headAt(5, true))?.reason).toBe("missing");
    const other = { size: 5, roots: [leafHash(utf8.encode("x")), leafHash(utf8.encode("y"))] };
    expect(check(left, [headAt(12)], other, headAt(5, true))?.reason).toBe("missing");
  });

  it("survives rows that are no entries", () => {
    for (const text of ["", "null", "{", "[]", '"x"', "{}"])
      expect(check(edited(2, () => text))).not.toBeNull();
  });
});

describe("a signed head", async () => {
  const signer = await signerOf(new Uint8Array(32).fill(3));
  const other = await signerOf(new Uint8Array(32).fill(4));

  it("says what was signed, to whoever has the key", async () => {
    for (const trim of [false, true]) {
      const note = await signedNote(headAt(7, trim), signer);
      expect(await openNote(note, signer.publicKey)).toEqual(headAt(7, trim));
      expect(await openNote(note, other.publicKey)).toBeNull();
    }
    expect(verifierKey(signer.publicKey)).toMatch(
      /^wishub-audit\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{44}$/,
    );
  });

  it("says nothing once a character was changed", async () => {
    const note = await signedNote(headAt(7), signer);
    // The last characters of base64 carry bits that no byte has: 4 + 64 bytes end in "=".
    for (let at = 0; at < note.length - 4; at++) {
      const changed = `${note.slice(0, at)}${note[at] === "1" ? "2" : "1"}${note.slice(at + 1)}`;
      expect(await openNote(changed, signer.publicKey), changed).toBeNull();
    }
    for (const text of ["", "\n\n", note.slice(1), `${note}x`])
      expect(await openNote(text, signer.publicKey)).toBeNull();
  });
});

describe("an entry", () => {
  it("loses its detail rather than be longer than it may", () => {
    const long = { ...draft("a"), detail: { names: Array<string>(32).fill("x".repeat(300)) } };
    expect(entryText(long, 1, 0, FIRST_PREV).length).toBeLessThan(1_000);
  });

  it("is shown by the filters that fit it", () => {
    const entry = entryFrom(
      entryText(
        {
          ...draft("key.make"),
          actor: { id: "ps_1", credential: "k0_1" },
          resource: { type: "key", id: "k0_2" },
        },
        1,
        5_000,
        FIRST_PREV,
      ),
    );
    const shown = [
      {},
      { action: "key.make" },
      { phase: "noted" as const },
      { actor: "ps_1" },
      { actor: "k0_1" },
      { resource: "k0_2" },
      { fromMs: 5_000, toMs: 5_001 },
    ];
    const hidden = [
      { action: "key" },
      { phase: "intent" as const },
      { actor: "ps_2" },
      { resource: "k0_1" },
      { fromMs: 5_001 },
      { toMs: 5_000 },
    ];
    for (const filter of shown) expect(fits(entry, filter), JSON.stringify(filter)).toBe(true);
    for (const filter of hidden) expect(fits(entry, filter), JSON.stringify(filter)).toBe(false);
    expect(fits(null, {})).toBe(true);
    expect(fits(null, { action: "x" })).toBe(false);
  });
});
