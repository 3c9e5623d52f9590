/** The pages of ours that send somebody here to sign in or to prove a second factor. */
const PAGES = ["/oauth/authorize", "/oauth/device"];

/**
 * Where to go on afterwards: one of our own pages with its query, or null for anything else. Only a path that is
 * letter by letter on the list passes, so no way of writing an address leads to another site.
 */
export function nextFrom(asked: string | null): string | null {
  if (asked === null) return null;
  const end = asked.search(/[?#]/);
  const path = end < 0 ? asked : asked.slice(0, end);
  return PAGES.includes(path) ? asked : null;
}

export const LINK_KINDS = [
  "sign-up",
  "invitation",
  "new-account",
  "password-reset",
  "new-device",
] as const;
export type LinkKind = (typeof LINK_KINDS)[number];
/** A link of a mail; null of a kind that only part of a link has, or one from elsewhere. */
export type Link = { token: string; kind: LinkKind | null };

/** The link that an address carries behind its `#`, which no server is sent. */
export function linkFrom(hash: string): Link | null {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const token = given.get("link");
  if (token === null) return null;
  return { token, kind: LINK_KINDS.find((kind) => kind === given.get("for")) ?? null };
}
