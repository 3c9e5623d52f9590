import { sha256 } from "@noble/hashes/sha2.js";
import type { ArchiveFile } from "#domain/protection/tar.ts";
import { hexOf } from "#domain/shared/bytes.ts";

/** Rows that go into one file of an archive, page by page; an empty page ends them. */
export type Source = { name: string; page(number: number): Promise<object[]> };

export type ExportOf = { kind: "account" | "person"; id: string };

const utf8 = new TextEncoder();
/** More pages than any source has: a source that never ends must not make an archive that never does. */
const PAGES_MAX = 100_000;

/**
 * The files of an export: each source as NDJSON, in several files where it has several pages, and last a manifest with
 * what is in each and its hash. Nothing that opens anything is in it: no secret, no hash of one, no key.
 */
export async function* exportFiles(
  of: ExportOf,
  sources: readonly Source[],
  nowMs: number,
): AsyncGenerator<ArchiveFile> {
  const files: { name: string; items: number; bytes: number; sha256: string }[] = [];
  for (const { name, page } of sources) {
    for (let number = 0; number < PAGES_MAX; number++) {
      const rows = await page(number);
      if (rows.length === 0 && number > 0) break;
      const bytes = utf8.encode(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
      const file = number === 0 ? `${name}.ndjson` : `${name}-${number}.ndjson`;
      files.push({ name: file, items: rows.length, bytes: bytes.length, sha256: hashOf(bytes) });
      yield { name: file, bytes };
      if (rows.length === 0) break;
    }
  }
  const manifest = { export: of.kind, id: of.id, at: new Date(nowMs).toISOString(), files };
  yield { name: "manifest.json", bytes: utf8.encode(`${JSON.stringify(manifest, null, 2)}\n`) };
}

const hashOf = (bytes: Uint8Array): string => hexOf(sha256(bytes));
