import type { Candidate, Kind } from "#domain/verification/candidate.ts";
import { residentId } from "#domain/verification/checksums.ts";

const SSN_WORDS = /\bssn\b|social security|social-security/i;

const ID_WORDS = /身份证|身分证|证件号|resident id|id card|identity/i;

const TEST_IDS = new Set([
  "11010519491231002X",
  "440524188001010014",
  "110101199003070118",
  "11010119900307803X",
]);

const TEST_SSNS = new Set(["078051120", "219099999", "123456789", "111111111", "987654321"]);

/** 18 characters; the last may be X, which is no digit and so stands after the group. */
export function chineseId({ digits, groups, at, end, text, before }: Candidate): Kind | undefined {
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

export function socialSecurity({
  digits,
  groups,
  marks,
  plus,
  before,
}: Candidate): Kind | undefined {
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
