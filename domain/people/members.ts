import { z } from "zod";
import { type Principal, type Role, ROLES } from "#domain/accounts/model.ts";
import { type PersonalField, type Purpose, shownText } from "#domain/protection/masking.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

/** A principal of an account as stored: a person, whose name and e-mail are sealed under their own key, or a service. */
export type MemberRecord = {
  id: string;
  accountId: string;
  kind: string;
  role: Role;
  name: string;
  createdAtMs: number;
  person: { id: string; email: string; name: string } | null;
};

export const memberView = z.object({
  id: z.string(),
  kind: z.enum(["person", "agent", "service"]),
  personId: z.string().nullable(),
  name: z.string(),
  /** As role and purpose allow: null where not at all, and for who is no person. */
  email: z.string().nullable(),
  role: z.enum(ROLES),
  createdAt: z.string(),
});
export type MemberView = z.infer<typeof memberView>;

export const memberPatch = z.strictObject({ role: z.enum(ROLES) });

/** A member as somebody else of the account reads them for a purpose (domain/protection/masking.ts); oneself one sees whole. */
export function viewOfMember(
  member: MemberRecord,
  opened: { name: string | null; email: string | null },
  viewer: Pick<Principal, "role" | "principalId">,
  purpose?: Purpose,
): MemberView {
  const shown = (field: PersonalField, text: string | null): string | null =>
    text === null || member.id === viewer.principalId
      ? text
      : shownText(field, text, viewer.role, purpose);
  return {
    id: member.id,
    kind: member.kind === "agent" || member.kind === "service" ? member.kind : "person",
    personId: member.person?.id ?? null,
    name: member.person === null ? member.name : (shown("name", opened.name) ?? ""),
    email: shown("email", opened.email),
    role: member.role,
    createdAt: new Date(member.createdAtMs).toISOString(),
  };
}

/** Only an owner makes owners, and only an owner touches one: an administrator cannot rise above those who appointed them. */
export function mayGive(
  giver: Pick<Principal, "role">,
  ...roles: (Role | null)[]
): Result<null, Problem<"forbidden">> {
  if (giver.role === "owner" || !roles.includes("owner")) return ok(null);
  return err({ code: "forbidden", detail: "needs the role owner" });
}

/** What became of a change to a member. An account is never left without an owner. */
export type MemberChange = "done" | "absent" | "last-owner";

export function changed(change: MemberChange): Result<null, Problem<"not-found" | "conflict">> {
  if (change === "done") return ok(null);
  if (change === "absent") return err({ code: "not-found" });
  return err({ code: "conflict", detail: "an account keeps at least one owner" });
}
