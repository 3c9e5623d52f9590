import { useEffect, useRef } from "react";
import type { WisHubEvent } from "#sdk/live.ts";
import { api, codeOf } from "#web/app/client.ts";
import { changed, missed } from "#web/app/queries.ts";
import { heed, isSignedIn } from "#web/app/session.ts";
import { whileSeen } from "#web/app/seen.ts";
import { store } from "#web/app/store.ts";

/** What comes in this time is drawn, and read again, together: at first, and where it never pauses. */
const GATHER_MS = 200;
const BUSY_MS = 2_000;
/** So often in a row is soon; each time that is over gives one back. */
const SOON_MAX = 8;
const AGAIN_MS = 2_000;
const RECENT_MAX = 200;
/** It begins so long ago: what happened while the page was loaded, by clocks that differ, is heard too. */
const BEGIN_AGO_MS = 60_000;

const recent = store<readonly WisHubEvent[]>([]);
const listeners = new Set<(event: WisHubEvent) => void>();
let gathered: WisHubEvent[] = [];
let timer: ReturnType<typeof setTimeout> | undefined;
let [soon, soonAtMs] = [SOON_MAX, 0];

/** What happened since the console was opened, newest first. */
export const useRecentEvents = recent.use;

/** Hears each event of the account while the component is there. */
export function useEvents(heard: (event: WisHubEvent) => void): void {
  const latest = useRef(heard);
  latest.current = heard;
  useEffect(() => {
    const listener = (event: WisHubEvent) => latest.current(event);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
}

const nounOf = (name: string): string => name.split(".", 1)[0] ?? "";

/** What an event changes: its type's noun; of an entry of the audit log also that of what was done. */
function nounsOf({ type, data }: WisHubEvent): string[] {
  const { action } = (data ?? {}) as { action?: unknown };
  const isRecorded = type === "audit.recorded" && typeof action === "string";
  return isRecorded ? [nounOf(type), nounOf(action)] : [nounOf(type)];
}

/** A busy account is not asked for all that is shown five times a second, by each page that shows it. */
function gatherMs(nowMs: number): number {
  soon = Math.min(SOON_MAX, soon + (nowMs - soonAtMs) / BUSY_MS);
  soonAtMs = nowMs;
  if (soon < 1) return BUSY_MS;
  soon -= 1;
  return GATHER_MS;
}

function take(event: WisHubEvent): void {
  for (const listener of listeners) listener(event);
  gathered.push(event);
  timer ??= setTimeout(() => {
    timer = undefined;
    const come = gathered;
    gathered = [];
    recent.set([...come.toReversed(), ...recent.get()].slice(0, RECENT_MAX));
    changed(new Set(come.flatMap(nounsOf)));
  }, gatherMs(Date.now()));
}

const aMomentAgo = (): string => new Date(Date.now() - BEGIN_AGO_MS).toISOString();

/**
 * The one stream of events of this page, until `signal` and while the page is seen: it goes on where it was. The SDK takes it
 * up where it broke off; where that is over too, everything shown is read again, and it begins anew.
 */
export async function follow(signal: AbortSignal): Promise<void> {
  let after: string | undefined;
  let from = aMomentAgo();
  let isBroken = false;
  while (!signal.aborted) {
    try {
      await whileSeen(signal, async (isSeen) => {
        if (isBroken) {
          from = aMomentAgo();
          missed();
        }
        isBroken = false;
        for await (const { position, event } of api.events({ signal: isSeen, after, from })) {
          after = position;
          take(event);
        }
        isBroken = !isSeen.aborted;
      });
    } catch (error) {
      if (signal.aborted) return;
      heed(error);
      if (!isSignedIn() || codeOf(error) === "forbidden") return;
      if (codeOf(error) === "offset-gone") after = undefined;
      isBroken = true;
    }
    if (isBroken) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

/** Forgets what happened: it was another person's. */
export function forgetEvents(): void {
  gathered = [];
  recent.set([]);
}
