import { BASE } from "#web/app/client.ts";
import { nextFrom } from "#web/screens/sign-in/next.ts";

/** The page of ours that sent somebody here to sign in or to prove a second factor; null where they came by themselves. */
export const next = nextFrom(new URLSearchParams(location.search).get("next"));

/** Goes on to the page that sent somebody; whether there is one. */
export function onward(): boolean {
  if (next === null) return false;
  location.replace(new URL(`.${next}`, BASE).href);
  return true;
}
