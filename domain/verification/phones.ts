import { uniform, type Candidate, type Kind } from "#domain/verification/candidate.ts";

const PHONE_WORDS =
  /phone|messages? to|answer(ing)? at|message on|\bcell ?(phone|no\b|number|:)|mobile|\btel\b|\btel[:.]|\bcall\b|fax|whatsapp|\bsms\b|\bdial\b|\btext (me|us|him|her)|contact|reach (me|us|him|her)|number is|hotline|电话|手机|座机|联系|致电|热线|微信|短信|號碼|电話|電話|手機/i;

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

export function chineseMobile({
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
  // One run, or 3-4-4; 1-415-555-1234 is North American.
  const shape = groups.map((group) => group.length).join();
  if (!/^(2,)?(11|3,4,4)$|^13$/.test(shape)) return undefined;
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

export function phone({ digits, groups, marks, plus, before }: Candidate): Kind | undefined {
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
  if (before.endsWith("/")) return undefined;
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
