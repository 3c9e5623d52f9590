/** What the first screen waits for: `web/theme.ts` asks for it while the console's code is still on its way. */
const PATH = "v1/policies/decisions";

type Page = typeof globalThis & { wishubAhead?: Promise<Response> | undefined };
const page: Page = globalThis;

export function askAhead(): void {
  page.wishubAhead = fetch(`./${PATH}`, { cache: "no-store" });
  page.wishubAhead.catch(() => undefined); // whoever takes it hears of it
}

/** The answer that was asked for ahead, once: whoever asks again wants a newer one. */
export function takeAhead(url: RequestInfo | URL): Promise<Response> | undefined {
  if (typeof url !== "string" || !url.endsWith(`/${PATH}`)) return undefined;
  const asked = page.wishubAhead;
  page.wishubAhead = undefined;
  return asked;
}
