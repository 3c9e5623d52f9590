import { useEffect, useRef } from "react";
import { store } from "#web/app/store.ts";

/** `keys`: one key, or two after each other with a space between; `mod` is Ctrl, or ⌘ on a Mac. */
export type Shortcut = { keys: string; label: string; act(): void };

/** What `mod` is called on the keyboard. */
export const MODIFIER = /mac/i.test(navigator.userAgent) ? "⌘" : "Ctrl";

const SEQUENCE_MS = 1_000;
const registered = store<readonly Shortcut[]>([]);
export const useShortcuts = registered.use;

/** Puts keys into force while the component is there. Whoever is typing is not disturbed, but for `mod`. */
export function useShortcut({ keys, label, act }: Shortcut, isOn = true): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    if (!isOn) return;
    const shortcut = { keys, label, act: () => latest.current() };
    registered.set([...registered.get(), shortcut]);
    return () => registered.set(registered.get().filter((each) => each !== shortcut));
  }, [keys, label, isOn]);
}

let before = { key: "", atMs: 0 };

const isTyping = ({ target }: KeyboardEvent): boolean =>
  target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");

function heard(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.altKey || event.isComposing) return;
  const isMod = event.ctrlKey || event.metaKey;
  if (!isMod && isTyping(event)) return;
  const pressed = isMod ? `mod ${event.key.toLowerCase()}` : event.key;
  const sequence = event.timeStamp - before.atMs < SEQUENCE_MS ? `${before.key} ${pressed}` : "";
  before = { key: pressed, atMs: event.timeStamp };
  const all = registered.get();
  const found =
    all.findLast(({ keys }) => keys === sequence) ?? all.findLast(({ keys }) => keys === pressed);
  if (found === undefined) return;
  event.preventDefault();
  before = { key: "", atMs: 0 };
  found.act();
}

/** Once for the page. */
export function listenForShortcuts(): () => void {
  document.addEventListener("keydown", heard);
  return () => document.removeEventListener("keydown", heard);
}
