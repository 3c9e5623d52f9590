import type { Principal } from "#domain/accounts/model.ts";
import { type Call, refuse } from "#workers/http/kit.ts";

/** Who the request acts as. Anything but a valid credential is 401, before body or upgrade are looked at. */
export function authenticate(_c: Call<{ access: "principal" }>): Promise<Principal> {
  return refuse({ code: "unauthenticated" });
}
