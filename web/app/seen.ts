/** Who only looks something up elsewhere and comes back goes on as if nothing had been. */
const HIDDEN_MS = 5_000;

/**
 * While the page is seen, from when it is until it was hidden for a while, or `until`: over HTTP/1.1 a browser has six
 * connections for all tabs of an address, and a stream in each of them would leave none to ask by.
 */
export async function whileSeen(
  until: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  await seen(until);
  if (until.aborted) return;
  const hidden = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = () => {
    clearTimeout(timer);
    if (document.hidden) timer = setTimeout(() => hidden.abort(), HIDDEN_MS);
  };
  document.addEventListener("visibilitychange", look);
  try {
    await work(AbortSignal.any([until, hidden.signal]));
  } finally {
    document.removeEventListener("visibilitychange", look);
    clearTimeout(timer);
  }
}

async function seen(until: AbortSignal): Promise<void> {
  if (!document.hidden || until.aborted) return;
  const over = new AbortController();
  await new Promise<void>((resolve) => {
    const look = () => !document.hidden && resolve();
    document.addEventListener("visibilitychange", look, { signal: over.signal });
    until.addEventListener("abort", () => resolve(), { signal: over.signal });
  });
  over.abort();
}
