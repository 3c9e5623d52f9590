import { RouterProvider } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useReachable } from "#web/app/client.ts";
import { follow } from "#web/app/live.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { missed } from "#web/app/queries.ts";
import { router } from "#web/app/router.tsx";

/** Until the screen of this address can be drawn. */
export const ready = async (): Promise<void> => await router.load();

/** The console of somebody who is signed in, with the one stream of what happens. */
export default function Console() {
  const { may } = usePermissions();
  const mayHear = may("topic.read");
  useEffect(() => {
    if (!mayHear) return;
    const leaving = new AbortController();
    void follow(leaving.signal);
    return () => leaving.abort();
  }, [mayHear]);
  const isReachable = useReachable();
  const wasGone = useRef(false);
  useEffect(() => {
    if (isReachable && wasGone.current) missed();
    wasGone.current = !isReachable;
  }, [isReachable]);
  return <RouterProvider router={router} />;
}
