import { luhn, residentId } from "#domain/verification/checksums.ts";
import type { Datum } from "#domain/verification/datum.ts";
import { clustersOf, type Cluster } from "#domain/verification/digit-groups.ts";

/** A personal number hardly ever has more groups of digits than this: 4-4-4-4-3 of a long bank card. */
const GROUPS_MAX = 6;
/** How far back a word such as "phone" still speaks about a number. */
const CONTEXT_CHARS = 40;

const PHONE_WORDS =
  /phone|\bcell|mobile|\btel\b|\btel[:.]|call|fax|whatsapp|\bsms\b|\bdial|\btext (me|us|him|her)|contact|reach (me|us|him|her)|number is|hotline|电话|手机|座机|联系|致电|热线|微信|短信|號碼|电話|電話|手機/i;
const CARD_WORDS =
  /card|credit|debit|visa|master|maestro|amex|american express|discover|diners|jcb|unionpay|\bpan\b|payment|卡号|银行卡|信用卡|储蓄卡|借记卡|銀聯|银联|账号|账户/i;
const SSN_WORDS = /\bssn\b|social security|social-security/i;
const ID_WORDS = /身份证|身分证|证件号|resident id|id card|identity/i;

/** Numbers that schemes and standards publish for testing, and the ones that everybody prints. */
const TEST_CARDS = new Set(
  "4242424242424242 4111111111111111 4012888888881881 4000056655665556 5555555555554444 5105105105105100 2223003122003222 5200828282828210 378282246310005 371449635398431 378734493671000 6011111111111117 6011000990139424 30569309025904 38520000023237 3530111333300000 3566002020360505 6200000000000005 4222222222222 6304000000000000 4000000000000002 6221260000000000".split(
    " ",
  ),
);
const TEST_IDS = new Set([
  "11010519491231002X",
  "440524188001010014",
  "110101199003070118",
  "11010119900307803X",
]);
const TEST_SSNS = new Set(["078051120", "219099999", "123456789", "111111111", "987654321"]);
const TEST_MOBILES = new Set([
  "13800138000",
  "13800000000",
  "13812345678",
  "13912345678",
  "13888888888",
  "13666666666",
  "18888888888",
  "15888888888",
  "18800000000",
]);

type Candidate = {
  digits: string;
  groups: string[];
  marks: string;
  at: number;
  end: number;
  plus: boolean;
  text: string;
  before: string;
  after: string;
};
type Kind = Pick<Datum, "verdict" | "code" | "name">;

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
  if (head === undefined || tail === undefined) return undefined;
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

/** One and the same single mark between groups, or none. */
const uniform = (marks: string, allowed: string) =>
  marks === "" || (allowed.includes(marks.charAt(0)) && new Set(marks).size === 1);

/** Brand by its first digits (ISO/IEC 7812), with its lengths. */
const CARD_BRANDS: readonly [first: RegExp, lengths: readonly number[]][] = [
  [/^4/, [13, 16, 19]],
  [/^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]],
  [/^3[47]/, [15]],
  [/^(6011|65|64[4-9])/, [16, 19]],
  [/^3(0[0-5]|[689])/, [14]],
  [/^(35(2[89]|[3-8])|2131|1800)/, [15, 16]],
  [/^(50|5[6-9]|6[0137-9])/, [12, 13, 14, 15, 16, 17, 18, 19]],
];

function bankCard({ digits, groups, marks, plus, before, after }: Candidate): Kind | undefined {
  if (
    plus ||
    digits.length < 12 ||
    !uniform(marks, " -") ||
    groups.some((group) => group.length < 3) ||
    !luhn(digits)
  )
    return undefined;
  const test = TEST_CARDS.has(digits) || /^(\d)\1{11}/.test(digits) || digits.includes("00000000");
  if (/^(62|9558)/.test(digits) && digits.length >= 16) {
    return {
      verdict: test ? "note" : "fail",
      code: "cn-bank-card",
      name: test ? "Test number of a UnionPay card" : "UnionPay bank card number",
    };
  }
  const brand = CARD_BRANDS.find(
    ([first, lengths]) => first.test(digits) && lengths.includes(digits.length),
  );
  if (brand === undefined) return undefined;
  const said = CARD_WORDS.test(before) || CARD_WORDS.test(after);
  // One number in ten passes the checksum: at a length of no usual card, only a word about cards makes it one.
  if (
    !said &&
    (digits.length < 14 || digits.length > 16) &&
    !(digits.length === 19 && digits.startsWith("4"))
  )
    return undefined;
  return {
    verdict: test ? "note" : "fail",
    code: "bank-card",
    name: test ? "Test number of a payment card" : "Payment card number",
  };
}

/** 18 characters; the last may be X, which is no digit and so stands after the group. */
function chineseId({ digits, groups, at, end, text, before }: Candidate): Kind | undefined {
  if (groups.length !== 1) return undefined;
  const id = digits.length === 17 ? text.slice(at, end + 1) : digits;
  if (/^[A-Za-z0-9]/.test(text.slice(at + id.length, at + id.length + 1))) return undefined;
  if (residentId(id)) {
    const test = TEST_IDS.has(id.toUpperCase());
    return {
      verdict: test ? "note" : "fail",
      code: "cn-resident-id",
      name: test ? "Example of a Chinese resident id" : "Chinese resident id",
    };
  }
  const old = digits.length === 15 && ID_WORDS.test(before) && residentDate(digits);
  return old
    ? { verdict: "fail", code: "cn-resident-id", name: "Chinese resident id of 15 digits" }
    : undefined;
}

const residentDate = (digits: string) =>
  /^[1-8]\d{7}(0[1-9]|1[0-2])([0-2]\d|3[01])\d{3}$/.test(
    `${digits.slice(0, 6)}${digits.slice(6, 8)}${digits.slice(8)}`,
  );

function socialSecurity({ digits, groups, marks, plus, before }: Candidate): Kind | undefined {
  const grouped =
    groups.length === 3 &&
    groups[0]?.length === 3 &&
    groups[1]?.length === 2 &&
    groups[2]?.length === 4 &&
    (marks === "--" || (marks === "  " && SSN_WORDS.test(before)));
  const said = groups.length === 1 && digits.length === 9 && SSN_WORDS.test(before);
  if (plus || !(grouped || said) || !/^(?!000|666|9)\d{3}(?!00)\d{2}(?!0000)\d{4}$/.test(digits))
    return undefined;
  const test = TEST_SSNS.has(digits);
  return {
    verdict: test ? "note" : "fail",
    code: "us-ssn",
    name: test ? "Example of a US social security number" : "US social security number",
  };
}

function chineseMobile({
  digits,
  groups,
  marks,
  plus,
  before,
  after,
  text,
  at,
  end,
}: Candidate): Kind | undefined {
  const national =
    digits.length === 13 && digits.startsWith("86") && (plus || marks !== "")
      ? digits.slice(2)
      : digits;
  if (!/^1[3-9]\d{9}$/.test(national) || (plus && national === digits) || !uniform(marks, " -"))
    return undefined;
  const test = TEST_MOBILES.has(national) || /(\d)\1{6}/.test(national);
  const split = groups.length === 3 && groups[1]?.length === 4;
  // 17179869184 is 16 GiB: a bare number needs a word, a country code, its usual grouping or Chinese text beside it.
  const said =
    plus ||
    split ||
    national !== digits ||
    PHONE_WORDS.test(before) ||
    (isHan(text, at - 1) && !/^\s?(字节|人|元|个|亿|次|年)/.test(after)) ||
    isHan(text, at - 2) ||
    isHan(text, end);
  const verdict = said && !test && !Number.isInteger(Math.log2(Number(national))) ? "fail" : "note";
  return {
    verdict,
    code: "cn-mobile-phone",
    name:
      verdict === "fail" ? "Chinese mobile phone number" : "A number like a Chinese mobile phone's",
  };
}

const isHan = (text: string, at: number) => /^[\u4e00-\u9fff：，]/.test(text.slice(at, at + 1));

function phone({ digits, groups, marks, plus, before }: Candidate): Kind | undefined {
  const kind = (fictional: boolean): Kind => ({
    verdict: fictional ? "note" : "fail",
    code: "phone",
    name: fictional ? "Phone number kept for examples" : "Phone number",
  });
  const said = PHONE_WORDS.test(before);
  if (
    plus &&
    digits.length >= 8 &&
    digits.length <= 15 &&
    (groups.length > 1 || digits.length >= 10)
  )
    return kind(fictionalPhone(digits));
  // North American: area and exchange begin with 2 to 9. Dates, versions and ranges of pages do not come as 3-3-4.
  const local =
    digits.length === 11 && digits.startsWith("1") && groups.length === 4
      ? digits.slice(1)
      : digits;
  const shape = groups
    .slice(-3)
    .map((group) => group.length)
    .join();
  if (
    shape === "3,3,4" &&
    local.length === 10 &&
    /^[2-9]\d{2}[2-9]\d{6}$/.test(local) &&
    (said || uniform(marks.slice(-2), "-.") || marks.includes(")"))
  )
    return kind(fictionalPhone(`1${local}`));
  // Other national forms have no checksum and no common shape, so only a word makes them a phone.
  if (
    said &&
    !plus &&
    digits.length >= 8 &&
    digits.length <= 13 &&
    (groups.length > 1 || digits.length >= 10) &&
    !isDateLike(groups)
  )
    return kind(fictionalPhone(digits));
  return undefined;
}

/** Ranges that numbering authorities keep for fiction and examples, and digits in a row. */
const fictionalPhone = (digits: string) =>
  /^1?\d{3}555\d{4}$|^1?555\d{7}$|^447700900\d{3}$|^07700900\d{3}$|^1?2345678|^0?123456/.test(
    digits,
  ) ||
  /(\d)\1{6}/.test(digits) ||
  digits.includes("1234567");

/** 2024-01-31, 31.12.2024 and their like. */
const isDateLike = (groups: string[]) =>
  groups.length >= 3 &&
  ((/^(19|20)\d\d$/.test(groups[0] ?? "") && (groups[1]?.length ?? 0) <= 2) ||
    (/^(19|20)\d\d$/.test(groups[2] ?? "") && groups[0]?.length === 2));

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
