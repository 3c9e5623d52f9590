import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";

/** Whether this browser can prove a passkey here: one belongs to a name, never to a bare address. */
export const canUsePasskeys = (): boolean =>
  "PublicKeyCredential" in globalThis &&
  typeof PublicKeyCredential.parseRequestOptionsFromJSON === "function" &&
  !/^[\d.]+$|^\[/.test(location.hostname);

export class PasskeyCancelled extends Error {}

type Proof = NonNullable<Operations["POST /v1/sessions"]["body"]["passkey"]>;

/** Asks the browser for a passkey. Throws PasskeyCancelled where its user wanted none of it. */
export async function passkeyProof(): Promise<Proof> {
  const { publicKey } = await api.operation("POST /v1/sessions/passkey-options");
  const asked = publicKey as unknown as PublicKeyCredentialRequestOptionsJSON;
  const got = await navigator.credentials
    .get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked) })
    .catch((cause: unknown) => {
      throw new PasskeyCancelled("", { cause });
    });
  if (!(got instanceof PublicKeyCredential)) throw new PasskeyCancelled();
  return { challenge: asked.challenge, response: got.toJSON() as Proof["response"] };
}
