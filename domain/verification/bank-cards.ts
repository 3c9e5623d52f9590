import { uniform, type Candidate, type Kind } from "#domain/verification/candidate.ts";
import { luhn } from "#domain/verification/checksums.ts";

const CARD_WORDS =
  /card|\bcc\b|credit|debit|visa|master|maestro|amex|american express|discover|diners|jcb|unionpay|\bpan\b|payment|卡号|银行卡|信用卡|储蓄卡|借记卡|銀聯|银联|账号|账户/i;

/** Numbers that schemes and standards publish for testing, and the ones that everybody prints. */
const TEST_CARDS = new Set(
  "4242424242424242 4111111111111111 4012888888881881 4000056655665556 5555555555554444 5105105105105100 2223003122003222 5200828282828210 378282246310005 371449635398431 378734493671000 6011111111111117 6011000990139424 30569309025904 38520000023237 3530111333300000 3566002020360505 6200000000000005 4222222222222 6304000000000000 4000000000000002 6221260000000000".split(
    " ",
  ),
);

/** Brand by its first digits (ISO/IEC 7812), with its lengths. */
const CARD_BRANDS: readonly [first: RegExp, lengths: readonly number[]][] = [
  [/^4/, [13, 16, 19]],
  [/^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]],
  [/^3[47]/, [15]],
  [/^(6011|65|64[4-9])/, [16, 19]],
  [/^3(0[0-5]|[689])/, [14]],
  [/^(35|2131|1800)/, [15, 16]],
  [/^(50|5[6-9]|6[0137-9])/, [12, 13, 14, 15, 16, 17, 18, 19]],
];

export function bankCard({
  digits,
  groups,
  marks,
  plus,
  before,
  after,
}: Candidate): Kind | undefined {
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
