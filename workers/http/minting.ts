import { ID_BYTES, SECRET_BYTES } from "#domain/accounts/credential.ts";
import type { Principal } from "#domain/accounts/model.ts";
import { refuse } from "#workers/http/kit.ts";

/** A token ends within 5 seconds with its grant and its client; a key made by it would not. */
export function notByToken({ token }: Principal): void {
  if (token !== undefined) refuse({ code: "forbidden", detail: "an access token makes no keys" });
}

/** From the operation, so that a repetition after a crash replaces the key nobody was shown. */
export const randomFrom = (operationId: string) => ({
  idBytes: Uint8Array.fromHex(operationId).subarray(0, ID_BYTES),
  secretBytes: crypto.getRandomValues(new Uint8Array(SECRET_BYTES)),
});
