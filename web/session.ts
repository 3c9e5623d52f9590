import { type Session, WisHub } from "#sdk/client.ts";
import { WisHubError } from "#sdk/error.ts";
import type { Operations } from "#sdk/types.ts";
import { t } from "./language.ts";

/** The cookie does the authenticating, so the client carries no key. */
export const api = new WisHub({ url: location.origin });

const FLAG = "wishub-signed-in";
let ended: () => void = () => undefined;
let factorWanted: () => void = () => undefined;

/** Whether a session was opened here. The cookie itself cannot be read, and asking without one would be a failed request. */
export const isSignedIn = () => localStorage.getItem(FLAG) === "1";

export type Credential = Operations["POST /v1/sessions"]["body"];

export async function signIn(credential: Credential): Promise<void> {
  await api.operation("POST /v1/sessions", { body: credential });
  localStorage.setItem(FLAG, "1");
}

/** Forgets that a session was opened here, since it is no more. */
export const forgetSession = () => localStorage.removeItem(FLAG);

export async function signOut(): Promise<void> {
  forgetSession();
  await api.endSession().catch(() => undefined); // an ended session is signed out too
}

/** Who is signed in, or null where the session has ended meanwhile. */
export async function currentSession(): Promise<Session | null> {
  try {
    return await api.operation("GET /v1/sessions/current");
  } catch (error) {
    if (codeOf(error) !== "unauthenticated") throw error;
    forgetSession();
    return null;
  }
}

/** Whoever comes from their identity provider has a session that was opened by the server: looks whether that is so. */
export async function takeSession(): Promise<void> {
  if (location.hash !== "#signed-in") return;
  history.replaceState(null, "", location.pathname + location.search);
  const session = await currentSession().catch(() => null);
  if (session !== null) localStorage.setItem(FLAG, "1");
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
/** Told when something answered that it wants the second factor proven once more. */
export function onFactorWanted(listener: () => void): void {
  factorWanted = listener;
}

export const codeOf = (error: unknown): string | undefined =>
  error instanceof WisHubError ? error.code : undefined;

/** A sentence for a failure; an ended session leads back to signing in. */
export function explain(error: unknown): string {
  if (error instanceof WisHubError && error.status === 401 && isSignedIn()) {
    forgetSession();
    ended();
    return t("sessionEnded");
  }
  if (codeOf(error) === "second-factor-required") {
    factorWanted();
    return t("factorWanted");
  }
  return explainPlainly(error);
}

/** The same where an answer says nothing about the session of this browser: forms for whoever is not signed in. */
export function explainPlainly(error: unknown): string {
  if (!(error instanceof WisHubError))
    return t("failed", { reason: error instanceof Error ? error.message : String(error) });
  if (error.code === "too-many-requests") {
    const minutes = Math.max(1, Math.ceil((error.retryAfterMs ?? 60_000) / 60_000));
    return t("tooMany", { minutes });
  }
  if (error.code === "overloaded") return t("overloaded");
  const details = error.errors.map((found) => `${found.pointer} ${found.detail}`).join("; ");
  return t("failed", { reason: details || error.message });
}
