import { hasSeenLately } from "#adapters/search-answers.ts";
import { kept } from "#domain/shared/kept.ts";

const BYTES_MAX = 6_000_000;
const ENTRY_BYTES = 500;

type Known = { body: Uint8Array; answer: Uint8Array; stands: () => boolean; bytes: number };

/**
 * The answers, in UTF-8, to request bodies that came before, byte for byte, from the same account: they need not be parsed,
 * checked or searched for again. Each is given only while everything it came from stands by it.
 */
export function answeredBodies() {
  const known = kept<Known>(BYTES_MAX);
  return {
    /** For a reader who has seen shards at `seenMs`; 0 where nothing says. */
    answer(accountId: string, body: Uint8Array, seenMs = 0): Uint8Array | null {
      if (known.bytes() === 0 || hasSeenLately(seenMs)) return null;
      const entry = known.get(nameOf(accountId, body));
      return entry !== undefined && areSame(entry.body, body) && entry.stands()
        ? entry.answer
        : null;
    },
    /** Neither bytes may be changed afterwards. */
    answered(accountId: string, body: Uint8Array, answer: Uint8Array, stands: () => boolean): void {
      const bytes = ENTRY_BYTES + body.byteLength + answer.byteLength;
      known.set(nameOf(accountId, body), { body, answer, stands, bytes });
    },
  };
}

const wordsOf = ({ buffer, byteOffset, byteLength }: Uint8Array) =>
  byteOffset % 4 === 0 ? new Int32Array(buffer, byteOffset, byteLength >> 2) : new Int32Array();

/**
 * Not the body itself: two of a name take each other's place. Four sums, because each step of one waits for the one
 * before it.
 */
function nameOf(accountId: string, body: Uint8Array): string {
  const words = wordsOf(body);
  let [a, b, c, d] = [0x811c_9dc5, 0x9e37_79b9, 0x85eb_ca6b, 0xc2b2_ae35];
  for (let i = 3; i < words.length; i += 4) {
    a = Math.imul(a ^ (words[i] ?? 0), 0x0100_0193);
    b = Math.imul(b ^ (words[i - 1] ?? 0), 0x0100_0193);
    c = Math.imul(c ^ (words[i - 2] ?? 0), 0x0100_0193);
    d = Math.imul(d ^ (words[i - 3] ?? 0), 0x0100_0193);
  }
  for (let i = words.length & ~3; i < words.length; i++)
    a = Math.imul(a ^ (words[i] ?? 0), 0x0100_0193);
  const hash = a ^ (b >>> 5) ^ (c << 7) ^ (d >>> 11);
  return `${accountId} ${body.byteLength} ${hash}`;
}

function areSame(one: Uint8Array, other: Uint8Array): boolean {
  if (one.byteLength !== other.byteLength) return false;
  const [words, others] = [wordsOf(one), wordsOf(other)];
  const compared = Math.min(words.length, others.length);
  for (let i = 0; i < compared; i++) if (words[i] !== others[i]) return false;
  for (let i = compared * 4; i < one.byteLength; i++) if (one[i] !== other[i]) return false;
  return true;
}
