import type { Principal, Scope } from "#domain/accounts/model.ts";
import { addressFrom, holds, networkFrom } from "#domain/shared/network.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

/** What a key would be able to do. */
type Wanted = {
  scopes: readonly Scope[];
  expiresAtMs: number | null;
  networks: readonly string[] | null;
};

/** Whether the maker has all of it: the same scopes, at least as long, from at least as many places. */
export function grantOf(
  maker: Principal,
  { scopes, expiresAtMs, networks }: Wanted,
): Result<undefined, Problem<"forbidden" | "invalid-request">> {
  const beyond = scopes.filter((scope) => !maker.scopes.has(scope));
  if (beyond.length > 0) {
    return err({
      code: "forbidden",
      detail: `a key cannot grant what its maker lacks: ${beyond.join(", ")}`,
    });
  }
  if (maker.expiresAtMs !== undefined && (expiresAtMs ?? Infinity) > maker.expiresAtMs) {
    const end = new Date(maker.expiresAtMs).toISOString();
    return err({
      code: "invalid-request",
      errors: [{ pointer: "/expiresAt", detail: `must not be later than its maker's end, ${end}` }],
    });
  }
  if (maker.networks !== undefined && !areWithin(networks, maker.networks)) {
    const detail = "must lie in the networks of its maker";
    return err({ code: "invalid-request", errors: [{ pointer: "/networks", detail }] });
  }
  return ok(undefined);
}

/** Where a key may be used from whose maker says nothing of it. */
export const networksWithin = (maker: Principal): string[] | null =>
  maker.networks === undefined ? null : [...maker.networks];

function areWithin(inner: readonly string[] | null, outer: readonly string[]): boolean {
  const around = outer.flatMap((one) => networkFrom(one) ?? []);
  return (
    inner?.every((one) => {
      const network = networkFrom(one);
      return network !== null && around.some((each) => holds(each, network));
    }) ?? false
  );
}

/** Whether a credential may be used from here. Where it is bound to networks, nobody's word is no. */
export function isUsableFrom(
  { networks }: Pick<Principal, "networks">,
  clientAddress: string | null,
): boolean {
  if (networks === undefined) return true;
  const address = clientAddress === null ? null : addressFrom(clientAddress);
  return (
    address !== null &&
    networks.some((one) => {
      const network = networkFrom(one);
      return network !== null && holds(network, address);
    })
  );
}

/** Whose keys a principal sees and ends: its own, and an administrator everybody's in the account. */
export const reachOf = ({ role, principalId }: Principal): string | null =>
  role === "owner" || role === "admin" ? null : principalId;

type Ending = {
  key(accountId: string, id: string): Promise<{ principalId: string } | null>;
  principalRow(accountId: string, id: string): Promise<{ role: string } | null>;
};

/** An administrator ends everybody's keys but an owner's: else they could shut out who appointed them. */
export async function mayEnd(
  deps: Ending,
  caller: Principal,
  id: string,
): Promise<Result<undefined, Problem<"forbidden">>> {
  if (caller.role !== "admin") return ok(undefined);
  const key = await deps.key(caller.accountId, id);
  if (key === null || key.principalId === caller.principalId) return ok(undefined);
  const holder = await deps.principalRow(caller.accountId, key.principalId);
  return holder?.role === "owner"
    ? err({ code: "forbidden", detail: "an owner's keys are revoked by an owner" })
    : ok(undefined);
}
