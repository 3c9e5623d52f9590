/** One file of an archive, whole: it is small, and the archive itself is never in memory. */
export type ArchiveFile = { name: string; bytes: Uint8Array };

const BLOCK = 512;
const utf8 = new TextEncoder();

/** A tar archive (POSIX.1-1988, ustar) file by file; ends with two empty blocks. Names are ASCII of at most 100 characters. */
export async function* tarOf(
  files: AsyncIterable<ArchiveFile>,
  atMs: number,
): AsyncGenerator<Uint8Array> {
  for await (const { name, bytes } of files) {
    yield headerOf(name, bytes.length, atMs);
    yield bytes;
    yield new Uint8Array((BLOCK - (bytes.length % BLOCK)) % BLOCK);
  }
  yield new Uint8Array(2 * BLOCK);
}

function headerOf(name: string, size: number, atMs: number): Uint8Array {
  if (!/^[\x21-\x7e]{1,100}$/.test(name)) throw new Error(`${name} does not fit into a tar header`);
  const header = new Uint8Array(BLOCK);
  const put = (at: number, text: string): void => header.set(utf8.encode(text), at);
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, "0");
  put(0, name);
  put(100, `${octal(0o600, 7)}\0`);
  put(108, `${octal(0, 7)}\0`);
  put(116, `${octal(0, 7)}\0`);
  put(124, `${octal(size, 11)}\0`);
  put(136, `${octal(Math.floor(atMs / 1000), 11)}\0`);
  put(156, "0");
  put(257, "ustar\x0000");
  // The sum is taken with spaces in its own place.
  put(148, " ".repeat(8));
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(148, `${octal(sum, 6)}\0 `);
  return header;
}
