import { useCallback, useRef, useState } from "react";

const PREFIX = "wishub-draft:";
const OWNER = "wishub-drafts-of";

/**
 * What somebody is writing, kept in this tab under a name until it is sent: it outlives an error, a reload and the end of
 * a session. `done` forgets it. `kept` takes out what is to lie nowhere.
 */
export function useDraft<T>(
  name: string,
  first: T,
  kept: (value: T) => T = (value) => value,
): { value: T; set(value: T): void; done(): void } {
  const key = PREFIX + name;
  const blank = useRef(first).current;
  const [value, setValue] = useState<T>(() => read(key) ?? blank);
  const set = useCallback(
    (next: T) => {
      setValue(next);
      sessionStorage.setItem(key, JSON.stringify(kept(next)));
    },
    [key, kept],
  );
  const done = useCallback(() => {
    sessionStorage.removeItem(key);
    setValue(blank);
  }, [key, blank]);
  return { value, set, done };
}

function read<T>(key: string): T | undefined {
  const stored = sessionStorage.getItem(key);
  return stored === null ? undefined : (JSON.parse(stored) as T);
}

/** Forgets what was written here by anybody but `owner`; of what nobody is known to have written, all. */
export function forgetDrafts(owner: string | null): void {
  if (owner !== null && sessionStorage.getItem(OWNER) === owner) return;
  if (owner === null) sessionStorage.removeItem(OWNER);
  else sessionStorage.setItem(OWNER, owner);
  for (const key of Object.keys(sessionStorage))
    if (key.startsWith(PREFIX)) sessionStorage.removeItem(key);
}
