import { WisHub } from "#sdk/client.ts";
import { WisHubError } from "#sdk/error.ts";
import { t } from "./language.ts";

/** The cookie does the authenticating, so the client carries no key. */
export const api = new WisHub({ url: location.origin });

const FLAG = "wishub-signed-in";
let ended: () => void = () => undefined;

/** Whether a session was opened here. The cookie itself cannot be read, and asking without one would be a failed request. */
export const isSignedIn = () => localStorage.getItem(FLAG) === "1";

export async function signIn(credential: { apiKey: string } | { code: string }): Promise<void> {
  await api.createSession(credential);
  localStorage.setItem(FLAG, "1");
}

export async function signOut(): Promise<void> {
  localStorage.removeItem(FLAG);
  await api.endSession().catch(() => undefined); // an ended session is signed out too
}

/** The single-use code of the console link; it leaves the address bar before anything else happens. */
export function takeCode(): string | undefined {
  const here = new URL(location.href);
  const code = here.searchParams.get("code") ?? undefined;
  if (code !== undefined) {
    here.searchParams.delete("code");
    history.replaceState(null, "", here.pathname + here.search + here.hash);
  }
  return code;
}

export function onSessionEnd(listener: () => void): void {
  ended = listener;
}

/** A sentence for a failure; an ended session leads back to signing in. */
export function explain(error: unknown): string {
  if (error instanceof WisHubError && error.status === 401 && isSignedIn()) {
    localStorage.removeItem(FLAG);
    ended();
    return t("sessionEnded");
  }
  if (error instanceof WisHubError) {
    const details = error.errors.map((found) => `${found.pointer} ${found.detail}`).join("; ");
    return t("failed", { reason: details || error.message });
  }
  return t("failed", { reason: error instanceof Error ? error.message : String(error) });
}
