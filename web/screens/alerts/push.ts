// oxlint-disable-next-line import/default -- Vite gives the address of what it builds of it
import workerUrl from "#web/screens/alerts/push-worker.ts?worker&url";

export type Subscribed =
  | { kind: "subscribed"; subscription: PushSubscriptionJSON }
  /** `refused`: whoever sits there said no; `unable`: the browser knows of no such thing, or reaches no push service. */
  | { kind: "refused" | "unable" };

/** Asks the browser to take what is pushed for this installation, also while the console is closed. */
export async function subscribeHere(applicationServerKey: string): Promise<Subscribed> {
  if (!("serviceWorker" in navigator && "PushManager" in window)) return { kind: "unable" };
  if ((await Notification.requestPermission()) !== "granted") return { kind: "refused" };
  const registration = await navigator.serviceWorker.register(workerUrl);
  await activeIn(registration);
  try {
    const how = { userVisibleOnly: true, applicationServerKey };
    const subscription = await registration.pushManager.subscribe(how);
    return { kind: "subscribed", subscription: subscription.toJSON() };
  } catch (error) {
    if (error instanceof DOMException) return { kind: "unable" };
    throw error;
  }
}

/** Only an active worker may subscribe. */
function activeIn({ active, installing, waiting }: ServiceWorkerRegistration): Promise<void> {
  const coming = installing ?? waiting;
  if (active !== null || coming === null) return Promise.resolve();
  return new Promise((done) =>
    coming.addEventListener("statechange", () => {
      if (coming.state === "activated") done();
    }),
  );
}
