import { bankCard } from "#domain/verification/bank-cards.ts";
import type { Candidate, Kind } from "#domain/verification/candidate.ts";
import type { Datum } from "#domain/verification/datum.ts";
import { clustersOf, type Cluster } from "#domain/verification/digit-groups.ts";
import { chineseId, socialSecurity } from "#domain/verification/identity-numbers.ts";
import { chineseMobile, phone } from "#domain/verification/phones.ts";

/** A personal number hardly ever has more groups of digits than this: 4-4-4-4-3 of a long bank card. */
const GROUPS_MAX = 6;

/** How far back a word such as "phone" still speaks about a number. */
const CONTEXT_CHARS = 40;

/** Personal numbers: bank cards, resident ids, social security numbers, phones. Each run of digits is taken once. */
export function findNumbers(text: string): Datum[] {
  const found: Datum[] = [];
  for (const cluster of clustersOf(text)) {
    for (let first = 0; first < cluster.groups.length;) {
      const hit = longestFrom(text, cluster, first);
      if (hit !== undefined) found.push(hit.datum);
      first = hit?.next ?? first + 1;
    }
  }
  return found;
}

function longestFrom(
  text: string,
  cluster: Cluster,
  first: number,
): { datum: Datum; next: number } | undefined {
  for (let last = Math.min(cluster.groups.length, first + GROUPS_MAX) - 1; last >= first; last--) {
    const candidate = candidateOf(text, cluster, first, last);
    if (candidate === undefined) continue;
    const kind =
      bankCard(candidate) ??
      chineseId(candidate) ??
      socialSecurity(candidate) ??
      chineseMobile(candidate) ??
      phone(candidate) ??
      address(candidate);
    if (kind !== undefined) return { datum: { ...kind, at: candidate.at }, next: last + 1 };
  }
  return undefined;
}

function candidateOf(
  text: string,
  cluster: Cluster,
  first: number,
  last: number,
): Candidate | undefined {
  const groups = cluster.groups.slice(first, last + 1);
  const head = groups[0];
  const tail = groups.at(-1);
  // What stands behind a point is the fraction of a number or the tail of a version.
  if (head === undefined || tail === undefined || (first > 0 && head.before === "."))
    return undefined;
  const end = tail.at + tail.digits.length;
  const digits = groups.map((group) => group.digits).join("");
  if (digits.length < 7 || digits.length > 19) return undefined;
  const marks = groups
    .slice(1)
    .map((group) => group.before)
    .join("");
  const before = text.slice(Math.max(0, head.at - CONTEXT_CHARS), head.at);
  return {
    digits,
    groups: groups.map((group) => group.digits),
    marks,
    at: head.at,
    end,
    plus: first === 0 && cluster.plus,
    text,
    before,
    after: text.slice(end, end + 8),
  };
}

/** A public IPv4 address may name a household, and just as well a server: worth a note. */
function address({ groups, marks, before }: Candidate): Kind | undefined {
  if (
    groups.length !== 4 ||
    marks !== "..." ||
    groups.some((group) => Number(group) > 255 || group.length > 3) ||
    /[\dv.]$|version\s?$/i.test(before)
  )
    return undefined;
  const text = groups.join(".");
  if (
    /^(0|10|127|22[4-9]|23\d|24\d|25\d)\.|^192\.168\.|^169\.254\.|^172\.(1[6-9]|2\d|3[01])\.|^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|^192\.0\.[02]\.|^198\.51\.100\.|^203\.0\.113\.|^8\.8\.[48]\.|^1\.[01]\.[01]\.[01]$/.test(
      text,
    )
  )
    return undefined;
  return { verdict: "note", code: "ip-address", name: "Public IP address" };
}
