import { type Link, linkFrom } from "#web/screens/sign-in/next.ts";
import { store } from "#web/app/store.ts";

const opened = store<Link | null>(null);
/** The link of a mail that was opened, until it is dealt with. */
export const useLink = opened.use;
export const leaveLink = (): void => opened.set(null);

/** Takes the link of a mail out of the address bar and the history before anything else happens. */
export function takeLink(): void {
  const link = linkFrom(location.hash);
  if (link === null) return;
  history.replaceState(null, "", location.pathname + location.search);
  opened.set(link);
}
