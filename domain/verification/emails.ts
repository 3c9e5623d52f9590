import type { Datum } from "#domain/verification/datum.ts";

/** RFC 5321: the longest local part and domain. */
const LOCAL_CHARS_MAX = 64;
const DOMAIN_CHARS_MAX = 255;

/** Domains that documents use for nobody (RFC 2606 and the usual stand-ins), and endings of file names. */
const EXAMPLE_DOMAIN =
  /(^|\.)(example|test|invalid|localhost|local|internal)$|(^|\.)(example|sample|test|domain|mydomain|yourdomain|company|mycompany|yourcompany|acme|foo|bar|my-?site|your-?site|host|server|users\.noreply\.github)\.[a-z]{2,4}$/;
const FILE_ENDING =
  /\.(js|ts|mjs|cjs|jsx|tsx|json|css|scss|html|png|jpe?g|gif|svg|webp|txt|map|wasm|ya?ml|toml|lock|tgz|gz|zip|vue)$/;
/** A role is not a person, and a stand-in is nobody. */
const ROLE =
  /^(no-?reply|do-?not-?reply|git|hg|svn|info|support|contact|security|hello|hi|admin|administrator|sales|help|press|team|webmaster|postmaster|hostmaster|abuse|privacy|legal|office|mail|email|root|opensource|oss|conduct|coc|report|feedback|jobs|careers|billing|service|marketing|media|news|newsletter|editor|dev|developers?|maintainers?|community|user|users|username|name|firstname|someone|somebody|anyone|you|your[\w.-]*|me|my[\w.-]*|foo|bar|baz|test[\w.-]*|alice|bob|jane|john|jane\.?doe|john\.?doe|jdoe|example)([+._-][\w.+-]*)?$/;
/** A line that credits a person names an address its owner has published. */
const CREDITS =
  /author|maintain|contribut|copyright|©|\(c\)|licen[sc]e|created by|written by|developed by|sponsor|作者|维护|版权/i;

/** Personal e-mail addresses. Example domains, roles and addresses published in a credit line are notes. */
export function findEmails(text: string): Datum[] {
  const found: Datum[] = [];
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    let from = at;
    while (from > 0 && at - from < LOCAL_CHARS_MAX && isLocal(text.charCodeAt(from - 1))) from -= 1;
    while (from < at && ".-+_%".includes(text.charAt(from))) from += 1;
    let to = at + 1;
    while (to < text.length && to - at < DOMAIN_CHARS_MAX && isDomain(text.charCodeAt(to))) to += 1;
    while (to > at && ".-".includes(text.charAt(to - 1))) to -= 1;
    const local = text.slice(from, at).toLowerCase();
    const domain = text.slice(at + 1, to).toLowerCase();
    if (local === "" || !isHost(domain) || FILE_ENDING.test(domain)) continue;
    // The user part of an address such as ssh://me@host, or of scope/name@host.tld in a path, is no mailbox.
    const before = text.charAt(from - 1);
    if (
      before === "/" ||
      (before === ":" &&
        !text.slice(0, from).toLowerCase().endsWith("mailto:") &&
        text.slice(Math.max(0, from - 40), from).includes("://"))
    )
      continue;
    const harmless =
      EXAMPLE_DOMAIN.test(domain) || ROLE.test(local) || CREDITS.test(lineAround(text, from, to));
    found.push({
      verdict: harmless ? "note" : "fail",
      code: "email",
      name: harmless
        ? "E-mail address of an example, a role or a credit"
        : "Personal e-mail address",
      at: from,
    });
  }
  return found;
}

/** At least two labels, the last of letters only. */
function isHost(domain: string): boolean {
  const labels = domain.split(".");
  const last = labels.at(-1) ?? "";
  return (
    labels.length >= 2 &&
    labels.every((label) => label !== "" && label.length <= 63) &&
    /^[a-z]{2,24}$/.test(last)
  );
}

/** The line of the address, at most 120 characters to each side. */
function lineAround(text: string, from: number, to: number): string {
  const before = text.slice(Math.max(0, from - 120), from);
  const after = text.slice(to, to + 120);
  const end = after.indexOf("\n");
  return before.slice(before.lastIndexOf("\n") + 1) + (end < 0 ? after : after.slice(0, end));
}

function isLocal(code: number): boolean {
  return isDomain(code) || code === 0x5f || code === 0x25 || code === 0x2b;
}

function isDomain(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a) ||
    code === 0x2e ||
    code === 0x2d
  );
}
