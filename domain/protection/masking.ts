import type { Role } from "#domain/accounts/model.ts";

/** What somebody reads other people's personal fields for. Nobody sees more than the purpose needs, whatever their role. */
export const PURPOSES = ["administration", "collaboration", "audit", "support"] as const;
export type Purpose = (typeof PURPOSES)[number];

export type PersonalField = "name" | "email";
type Shown = "full" | "masked" | "hidden";

/** What each purpose needs. */
const NEEDED: Record<Purpose, Record<PersonalField, Shown>> = {
  administration: { name: "full", email: "full" },
  collaboration: { name: "full", email: "hidden" },
  // Enough to tell two people apart when somebody who knows them says which is meant.
  support: { name: "masked", email: "masked" },
  audit: { name: "masked", email: "hidden" },
};

/** The most that each role may see of others, whatever it says that it is for. */
const ALLOWED: Record<Role, Record<PersonalField, Shown>> = {
  owner: { name: "full", email: "full" },
  admin: { name: "full", email: "full" },
  member: { name: "full", email: "hidden" },
  auditor: { name: "full", email: "hidden" },
  viewer: { name: "full", email: "hidden" },
};

/** What a role reads for where it does not say. */
const USUAL: Record<Role, Purpose> = {
  owner: "administration",
  admin: "administration",
  member: "collaboration",
  auditor: "collaboration",
  viewer: "collaboration",
};

const RANK: Record<Shown, number> = { hidden: 0, masked: 1, full: 2 };

/** A personal field of somebody else as this role reads it for this purpose; null where it does not see it at all. */
export function shownText(
  field: PersonalField,
  text: string,
  role: Role,
  purpose: Purpose = USUAL[role],
): string | null {
  const [needed, allowed] = [NEEDED[purpose][field], ALLOWED[role][field]];
  const shown = RANK[needed] < RANK[allowed] ? needed : allowed;
  if (shown === "full") return text;
  if (shown === "hidden") return null;
  return field === "email" ? maskedEmail(text) : maskedName(text);
}

/** `a…@e….org`: the first letter of the mailbox and of its host, and the last label. */
export function maskedEmail(email: string): string {
  const at = email.lastIndexOf("@");
  const host = email.slice(at + 1);
  const end = host.slice(host.lastIndexOf(".") + 1);
  return at < 0 ? "…" : `${firstOf(email)}…@${firstOf(host)}….${end}`;
}

/** The initials. */
export function maskedName(name: string): string {
  const parts = name.split(/\s+/u).filter((part) => part !== "");
  return parts.length === 0 ? "…" : parts.map((part) => `${firstOf(part)}.`).join(" ");
}

/** The first character as a reader sees it, not half of one. */
const firstOf = (text: string): string => [...text][0] ?? "";
