import { WisHub } from "#sdk/client.ts";
import { WisHubError } from "#sdk/error.ts";
import { takeAhead } from "#web/app/ahead.ts";
import { store } from "#web/app/store.ts";

/** Where the console is served, with a slash at its end: the API lies beside it, also under a sub-path. */
export const BASE = new URL(".", location.href).href;

const reachable = store(true);
/** Whether the server answered when it was last asked. */
export const useReachable = reachable.use;

const watched: typeof fetch = async (input, init) => {
  try {
    // Whoever watches reads what is, not what somebody kept: an event is told after its change, and read after it.
    const response = await (takeAhead(input) ??
      fetch(input, { ...(await wholeBody(init)), cache: "no-store" }));
    reachable.set(true);
    return response;
  } catch (error) {
    if (init?.signal?.aborted !== true) lost();
    throw error;
  }
};

const AGAIN_MS = 2_000;

/** Asks until it answers: everything else waits for somebody to want something. */
function lost(): void {
  if (!reachable.get()) return;
  reachable.set(false);
  const again = () =>
    void fetch(`${BASE}healthz`).then(
      () => reachable.set(true),
      () => setTimeout(again, AGAIN_MS),
    );
  setTimeout(again, AGAIN_MS);
}

/** Browsers send a body in pieces over HTTP/2 only; ours is small enough to be sent whole. */
async function wholeBody(init: RequestInit | undefined): Promise<RequestInit | undefined> {
  if (!(init?.body instanceof ReadableStream)) return init;
  return { ...init, body: await new Response(init.body).blob() };
}

/** The cookie does the authenticating, so the client carries no key. */
export const api = new WisHub({ url: BASE, fetch: watched });

export const codeOf = (error: unknown): string | undefined =>
  error instanceof WisHubError ? error.code : undefined;
