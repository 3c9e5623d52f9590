import "#web/app/csp.ts";
import "#web/app/app.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { lazy, StrictMode, Suspense, useEffect } from "react";
import { createRoot } from "react-dom/client";
import { BASE, codeOf } from "#web/app/client.ts";
import { language, speak, useLanguage } from "#web/app/language.ts";
import { forgetEvents } from "#web/app/live.ts";
import { takeLink, useLink } from "#web/app/links.ts";
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

const loadConsole = () => import("#web/app/console.tsx");
const Console = lazy(loadConsole);
const Entrance = lazy(() => import("#web/screens/sign-in/entrance.tsx"));

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

/** Begins to read what everything else of the console waits for. */
function readAhead(): void {
  void loadConsole().catch(() => undefined); // told of by whoever draws it
  void queries.prefetchQuery(permissions);
}

async function start(): Promise<void> {
  addEventListener("vite:preloadError", () => void renew());
  if (isSignedIn()) readAhead();
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
