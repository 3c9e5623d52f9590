import { WisHubError } from "#sdk/error.ts";
import type { Session } from "#sdk/client.ts";
import type { Operations } from "#sdk/types.ts";
import { api, codeOf } from "#web/app/client.ts";
import { forgetDrafts } from "#web/app/drafts.ts";
import { store } from "#web/app/store.ts";

const FLAG = "wishub-signed-in";

/** Whether a session was opened here. The cookie itself cannot be read, and asking without one would be a failed request. */
const signedIn = store(localStorage.getItem(FLAG) === "1");
addEventListener("storage", ({ key, newValue }) => {
  // It ended in another tab; whoever signs in here next finds nothing of theirs (drafts.ts).
  if (key === FLAG && newValue === null) signedIn.set(false);
});
/** Whether something answered that it wants the second factor proven once more. */
const factorWanted = store(false);
/** Whether the server did not end a session that somebody wanted to leave. */
const stillOpen = store(false);
/** Why one is asked to sign in again. */
const notice = store<"ended" | "code-used" | null>(null);

export const isSignedIn = signedIn.get;
export const useSignedIn = signedIn.use;
export const useFactorWanted = factorWanted.use;
export const wantFactor = factorWanted.set;
export const useStillOpen = stillOpen.use;
export const useNotice = notice.use;
export const setNotice = notice.set;

export type Credential = Operations["POST /v1/sessions"]["body"];

export async function signIn(credential: Credential): Promise<void> {
  const session = await api.operation("POST /v1/sessions", { body: credential });
  remember(session);
}

function remember(session: Pick<Session, "principalId" | "personId">): void {
  // What somebody else has begun to write here is not theirs.
  forgetDrafts(session.personId ?? session.principalId);
  localStorage.setItem(FLAG, "1");
  notice.set(null);
  signedIn.set(true);
}

/** Forgets that a session was opened here, since it is no more. */
export function forgetSession(): void {
  localStorage.removeItem(FLAG);
  signedIn.set(false);
}

/** Where the server does not end the session, it stays, and so does whoever believes to have left it. */
export async function signOut(): Promise<void> {
  try {
    await api.endSession();
  } catch (error) {
    stillOpen.set(codeOf(error) !== "unauthenticated");
    if (stillOpen.get()) return;
  }
  stillOpen.set(false);
  forgetDrafts(null);
  notice.set(null);
  forgetSession();
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
  if (session !== null) remember(session);
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

/** What an answer says about the session of this browser: that it ended, or that its second factor is too old. */
export function heed(error: unknown): void {
  if (error instanceof WisHubError && error.status === 401 && signedIn.get()) {
    notice.set("ended");
    forgetSession();
  }
  if (codeOf(error) === "second-factor-required") factorWanted.set(true);
}
