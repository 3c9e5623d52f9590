import { kindOfHost } from "#domain/egress/address.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

/** Where a call may go. `open` is one of the operator's origins: it may be private. */
export type Target = { url: string; open: boolean };

/** Names that lead inside wherever they are asked for (RFC 6761, 6762, 8375, 9476; the clouds' own). */
const INSIDE = ["localhost", "local", "internal", "intranet", "lan", "home.arpa", "alt", "onion"];

const NOT_PUBLIC =
  "it is not on the public network; whoever runs the product can open its origin (WISHUB_EGRESS_ALLOW)";

/**
 * Whether an outgoing call may have this target (ARCHITECTURE, rule 12). Every form of an address (decimal, octal, hex,
 * short, full-width, percent-encoded) is one form after the URL parser; what a name resolves to is the network's to check.
 */
export function egressTarget(
  text: string,
  allowed: ReadonlySet<string>,
): Result<Target, Problem<"egress-refused">> {
  const url = text.length <= LIMITS.urlCharsMax ? URL.parse(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    return refused("it must be a URL that starts with https:// or http://");
  if (url.username !== "" || url.password !== "") return refused("it must hold no credentials");
  url.hash = "";
  if (allowed.has(url.origin)) return ok({ url: url.href, open: true });
  if (!isUsualPort(url.port)) return refused("its port is another service's");
  const kind = kindOfHost(url.hostname);
  const inside = kind === "private" || (kind === "name" && leadsInside(url.hostname));
  return inside ? refused(NOT_PUBLIC) : ok({ url: url.href, open: false });
}

/** The operator's origins: `https://idp.example:8443`, separated by commas or spaces. What is not exactly one is named. */
export function allowedOrigins(text: string): Result<ReadonlySet<string>, string> {
  const origins = new Set<string>();
  for (const part of text.split(/[\s,]+/).filter((each) => each !== "")) {
    const url = URL.parse(part);
    const isOrigin =
      url !== null &&
      /^https?:$/.test(url.protocol) &&
      (part === url.origin || part === `${url.origin}/`);
    if (!isOrigin) return err(part);
    origins.add(url.origin);
  }
  return ok(origins);
}

/** A name without a dot is looked up in the operator's own domain. */
function leadsInside(hostname: string): boolean {
  const name = hostname.replace(/\.$/, "");
  return (
    !name.includes(".") || INSIDE.some((inside) => name === inside || name.endsWith(`.${inside}`))
  );
}

/** Below 1024 only the two of HTTP: a request that is also a mail or a login for another protocol is an old attack. */
const isUsualPort = (port: string) =>
  port === "" || port === "80" || port === "443" || Number(port) >= 1_024;

const refused = (detail: string) => err({ code: "egress-refused" as const, detail });
