import { iban97 } from "#domain/verification/checksums.ts";
import type { Datum } from "#domain/verification/datum.ts";
import type { Finding } from "#domain/verification/evidence.ts";
import type { Field } from "#domain/verification/fields.ts";
import { findEmails } from "#domain/verification/emails.ts";
import { findNumbers } from "#domain/verification/numbers.ts";

/** Personal data with a form of its own: addresses and numbers that a rule can tell, most by their checksum. */
export function findPii(field: Field): Finding[] {
  const data = [...findEmails(field.text), ...findIbans(field.text), ...findNumbers(field.text)];
  return data
    .sort((a, b) => a.at - b.at)
    .map(({ verdict, code, name, at }) => ({
      verdict,
      code,
      detail: `${name} at character ${at + 1}`,
      pointer: field.pointer,
    }));
}

/** Length of an IBAN by country (ISO 13616 registry). */
const IBAN_LENGTHS = new Map(
  "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20"
    .split(" ")
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))] as const),
);
/** The account numbers that standards and tutorials print. */
const EXAMPLE_IBANS = new Set(
  "GB82WEST12345698765432 GB29NWBK60161331926819 DE89370400440532013000 FR1420041010050500013M02606 NL91ABNA0417164300 ES9121000418450200051332 IT60X0542811101000000123456 CH9300762011623852957 AT611904300234573201 BE68539007547034".split(
    " ",
  ),
);

function findIbans(text: string): Datum[] {
  const found: Datum[] = [];
  for (let at = 0; at + 15 <= text.length; at++) {
    if (
      !isLetter(text.charCodeAt(at)) ||
      isAlphanumeric(text.charCodeAt(at - 1)) ||
      !isDigit(text.charCodeAt(at + 2)) ||
      !isDigit(text.charCodeAt(at + 3))
    )
      continue;
    const length = IBAN_LENGTHS.get(text.slice(at, at + 2).toUpperCase());
    if (length === undefined) continue;
    const iban = compact(text, at, length);
    if (iban === undefined || !iban97(iban)) continue;
    found.push({
      verdict: EXAMPLE_IBANS.has(iban) ? "note" : "fail",
      code: "iban",
      name: "Bank account number (IBAN)",
      at,
    });
  }
  return found;
}

/** The next `length` letters and digits, single blanks between them left out; nothing if more follow. */
function compact(text: string, from: number, length: number): string | undefined {
  let out = "";
  let at = from;
  for (; out.length < length; at++) {
    const code = text.charCodeAt(at);
    if (isAlphanumeric(code)) out += text.charAt(at);
    else if (!((code === 0x20 || code === 0x2d) && isAlphanumeric(text.charCodeAt(at + 1))))
      return undefined;
  }
  return isAlphanumeric(text.charCodeAt(at)) ? undefined : out.toUpperCase();
}

const isDigit = (code: number) => code >= 0x30 && code <= 0x39;
const isLetter = (code: number) => (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
const isAlphanumeric = (code: number) => isDigit(code) || isLetter(code);
