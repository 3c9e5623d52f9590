import "#web/app/csp.ts";
import "#web/app/app.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode, Suspense, useEffect } from "react";
import { createRoot } from "react-dom/client";
import { BASE, codeOf } from "#web/app/client.ts";
import { language, speak, useLanguage } from "#web/app/language.ts";
import { forgetEvents } from "#web/app/live.ts";
import { takeLink, useLink } from "#web/app/links.ts";
import { part } from "#web/app/part.tsx";
import { permissions } from "#web/app/permissions.ts";
import { queries } from "#web/app/queries.ts";
import {
  currentSession,
  isSignedIn,
  setNotice,
  signIn,
  takeCode,
  takeSession,
  useFactorWanted,
  useSignedIn,
  wantFactor,
} from "#web/app/session.ts";
import "#web/app/theme.ts";
import { next, onward } from "#web/app/onward.ts";
import { Waiting } from "#web/ui/states.tsx";

const Console = part(async () => {
  const { default: Loaded, ready } = await import("#web/app/console.tsx");
  await ready();
  return { default: Loaded };
});
const Entrance = part(() => import("#web/screens/sign-in/entrance.tsx"));
/** So long nothing is drawn rather than a skeleton: React keeps one for 300 ms, however soon what it stands for is there. */
const BLANK_MS = 500;

function App() {
  const isIn = useSignedIn();
  const link = useLink();
  const isFactorWanted = useFactorWanted();
  useLanguage();
  useEffect(() => {
    if (isIn) return;
    queries.clear();
    forgetEvents();
  }, [isIn]);
  const isHome = isIn && link === null && !isFactorWanted;
  return <Suspense fallback={<Waiting />}>{isHome ? <Console /> : <Entrance />}</Suspense>;
}

const RELOADED = "wishub-reloaded-at";
const RELOAD_AGAIN_MS = 60_000;

/** A part that cannot be loaded is of a version that is served no more: takes the one that is, at the same address. */
async function renew(): Promise<void> {
  const lastMs = Number(sessionStorage.getItem(RELOADED) ?? 0);
  if (Date.now() - lastMs < RELOAD_AGAIN_MS) return;
  const answer = await fetch(`${BASE}healthz`).catch(() => null);
  if (answer?.ok !== true) return; // the server is gone, not its version
  sessionStorage.setItem(RELOADED, String(Date.now()));
  location.reload();
}

/** Until what the first screen needs is there. What is not is told of by whoever draws it. */
async function ahead(): Promise<void> {
  const needed = isSignedIn()
    ? [Console.ahead(), queries.prefetchQuery(permissions)]
    : [Entrance.ahead()];
  const blank = new Promise((resolve) => setTimeout(resolve, BLANK_MS));
  await Promise.race([Promise.allSettled(needed), blank]);
}

async function start(): Promise<void> {
  addEventListener("vite:preloadError", () => void renew());
  speak(language());
  await takeSession();
  takeLink();
  addEventListener("hashchange", takeLink);
  const isProving = next !== null && new URLSearchParams(location.search).has("prove");
  wantFactor(isProving);
  const code = takeCode();
  if (code !== undefined)
    await signIn({ code }).catch((error: unknown) => {
      const isRefused = ["unauthenticated", "invalid-request"].includes(codeOf(error) ?? "");
      if (isRefused && !isSignedIn()) setNotice("code-used");
    });
  // A page sent somebody here who is signed in, in another tab by now, or was: the session knows.
  if (next !== null && !isProving && isSignedIn()) {
    const session = await currentSession().catch(() => null);
    if (session !== null && onward()) return;
  }
  await ahead();
  const root = document.getElementById("app");
  if (root === null) throw new Error("the page has no place for the console");
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <App />
      </QueryClientProvider>
    </StrictMode>,
  );
}

void start();
