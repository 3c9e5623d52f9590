import { describe, expect, it } from "vitest";
import { signedNote } from "#domain/audit/note.ts";
import {
  consistencyProof,
  EMPTY_FRONTIER,
  extended,
  inclusionProof,
  leafHash,
  type NodeAt,
  rootOf,
} from "#domain/audit/tree.ts";
import { signerOf } from "#domain/protection/signing.ts";
import { base64Of, hexOf } from "#domain/shared/bytes.ts";
import { isSound, type Log, proveEntry, verify } from "./proofs.ts";

const ACCOUNT = "a0_account";
const signer = await signerOf(new Uint8Array(32).fill(7));
const utf8 = new TextEncoder();

const textOf = (seq: number, said: string) =>
  JSON.stringify({ seq, at: "2026-01-01T00:00:00.000Z", phase: "noted", action: said });

/** The tree of texts, as a server has it. */
function treeOf(texts: readonly string[]) {
  const nodes = new Map<string, Uint8Array>();
  let frontier = EMPTY_FRONTIER;
  const heads = [{ size: 0, root: hexOf(rootOf(frontier)) }];
  for (const [index, text] of texts.entries()) {
    const leaf = leafHash(utf8.encode(text));
    nodes.set(`0 ${index}`, leaf);
    const next = extended(frontier, leaf);
    for (const { level, index: at, hash } of next.completed) nodes.set(`${level} ${at}`, hash);
    frontier = next.frontier;
    heads.push({ size: frontier.size, root: hexOf(rootOf(frontier)) });
  }
  const nodeAt: NodeAt = (level, index) => nodes.get(`${level} ${index}`) ?? new Uint8Array(32);
  return { heads, nodeAt, root: rootOf(frontier), size: frontier.size };
}

/** A server with a log of those texts that finds nothing wrong with it, and has published its head. */
async function serverOf(texts: readonly string[], by = signer): Promise<Log & { head: unknown }> {
  const { heads, nodeAt, root, size } = treeOf(texts);
  const head = { size, root: hexOf(root) };
  const checkpoint = { accountId: ACCOUNT, size, root, atMs: 0, trim: false };
  const note = await signedNote(checkpoint, by);
  const published = {
    items: [{ ...head, at: "2026-01-01T00:00:00.000Z", note }],
    publicKey: base64Of(signer.publicKey),
    verifierKey: "",
  };
  let kept: { size: number; root: string } | undefined;
  return {
    head: heads.at(-1),
    verify: async () => ({ valid: true, entries: size, head, wrong: null }),
    checkpoints: async () => published,
    consistency: async (from, to) => consistencyProof(from, to, nodeAt).map(hexOf),
    entry: async (seq) => {
      const text = texts[seq - 1] ?? "";
      return {
        entry: JSON.parse(text) as never,
        text,
        leaf: hexOf(leafHash(utf8.encode(text))),
        proof: inclusionProof(seq - 1, size, nodeAt).map(hexOf),
        head,
        note,
      };
    },
    kept: () => kept,
    keep: (next) => void (kept = next),
  };
}

const TEXTS = [1, 2, 3, 4, 5].map((seq) => textOf(seq, "key.make"));
const MORE = [...TEXTS, ...[6, 7, 8].map((seq) => textOf(seq, "key.revoke"))];

/** The same browser in front of another server. */
const before = (log: Log, kept: Log): Log => ({ ...log, kept: kept.kept, keep: kept.keep });

describe("verify", () => {
  it("finds a log sound that grew behind the head that was kept", async () => {
    const first = await serverOf(TEXTS);
    const found = await verify(first, ACCOUNT);
    expect(isSound(found)).toBe(true);
    expect(found.heads).toMatchObject({ count: 1, signed: "proven", continued: "proven" });
    expect(found.kept).toEqual({ head: undefined, continued: "first" });
    const later = await verify(before(await serverOf(MORE), first), ACCOUNT);
    expect(later.kept).toMatchObject({ head: { size: 5 }, continued: "proven" });
    expect(isSound(later)).toBe(true);
    expect(first.kept()?.size).toBe(8);
  });

  it("finds out a log that was written anew and signed again, and keeps the head that shows it", async () => {
    const first = await serverOf(TEXTS);
    await verify(first, ACCOUNT);
    const rewritten = await serverOf([textOf(1, "nothing happened"), ...MORE.slice(1)]);
    const found = await verify(before(rewritten, first), ACCOUNT);
    expect(found.server.valid).toBe(true);
    expect(found.kept.continued).toBe("broken");
    expect(isSound(found)).toBe(false);
    expect(first.kept()).toEqual(first.head);
  });

  it("finds out a log that became shorter", async () => {
    const first = await serverOf(MORE);
    await verify(first, ACCOUNT);
    const found = await verify(before(await serverOf(TEXTS), first), ACCOUNT);
    expect(found.kept.continued).toBe("broken");
  });

  it("finds out heads that another key signed, or that are another account's", async () => {
    const other = await serverOf(TEXTS, await signerOf(new Uint8Array(32).fill(8)));
    expect((await verify(other, ACCOUNT)).heads.signed).toBe("broken");
    const found = await verify(await serverOf(TEXTS), "a0_other");
    expect(found.heads.signed).toBe("broken");
    expect(isSound(found)).toBe(false);
  });

  it("says so where what would show it was trimmed away", async () => {
    const first = await serverOf(TEXTS);
    await verify(first, ACCOUNT);
    const trimmed = { ...(await serverOf(MORE)), consistency: async () => null };
    const found = await verify(before(trimmed, first), ACCOUNT);
    expect(found.kept.continued).toBe("gone");
    expect(isSound(found)).toBe(true);
  });
});

describe("proveEntry", () => {
  it("proves an entry to the signed head, and no other text", async () => {
    const log = await serverOf(MORE);
    const proof = await proveEntry(log, 3, ACCOUNT);
    expect(proof).toMatchObject({ isHashed: true, isIncluded: true, signed: "proven" });
    const lies = async (seq: number) => ({ ...(await log.entry(seq)), text: textOf(3, "else") });
    const found = await proveEntry({ ...log, entry: lies }, 3, ACCOUNT);
    expect(found).toMatchObject({ isHashed: false, isIncluded: false });
  });
});
