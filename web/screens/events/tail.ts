import { useEffect, useState } from "react";
import type { EventsOptions, WisHubEvent } from "#sdk/live.ts";
import { api } from "#web/app/client.ts";
import { whileSeen } from "#web/app/seen.ts";
import { heed } from "#web/app/session.ts";

/** So many stay in the page, drawn so often. */
const KEPT_MAX = 2_000;
const DRAW_MS = 100;

export type Tail = {
  /** The newest first. */
  events: readonly WisHubEvent[];
  /** How many came, those included that are not kept any more. */
  heard: number;
  isLost: boolean;
  error: unknown;
};
const NOTHING: Tail = { events: [], heard: 0, isLost: false, error: null };

/** The events that a filter wants, as they come; it begins anew with another filter, and with another `turn`. */
export function useTail(asked: EventsOptions, turn: number): Tail {
  const [tail, setTail] = useState(NOTHING);
  const key = JSON.stringify(asked);
  useEffect(() => {
    const over = new AbortController();
    let waiting: WisHubEvent[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const draw = () => {
      timer = undefined;
      const come = waiting.reverse();
      waiting = [];
      setTail(({ events, heard }) => ({
        events: [...come, ...events].slice(0, KEPT_MAX),
        heard: heard + come.length,
        isLost: false,
        error: null,
      }));
    };
    const follow = async () => {
      const onLost = () => setTail((before) => ({ ...before, isLost: true }));
      let options = { ...(JSON.parse(key) as EventsOptions), onLost };
      const began = new Date().toISOString();
      const listen = async (signal: AbortSignal) => {
        for await (const { position, event } of api.events({ ...options, signal })) {
          options = { ...options, after: position };
          waiting.push(event);
          timer ??= setTimeout(draw, DRAW_MS);
        }
      };
      try {
        while (!over.signal.aborted) {
          await whileSeen(over.signal, listen);
          // What came while nobody looked is not skipped, though nothing had come before.
          options = { from: began, ...options };
        }
      } catch (error) {
        if (over.signal.aborted) return;
        heed(error);
        setTail((before) => ({ ...before, error }));
      }
    };
    setTail(NOTHING);
    void follow();
    return () => {
      over.abort();
      clearTimeout(timer);
    };
  }, [key, turn]);
  return tail;
}
