// Runs beside the console, also while no page of it is open, and shows what is pushed (docs/design/alerts.md).

type Later = Event & { waitUntil(work: Promise<unknown>): void };
type Pushed = Later & { data: { json(): { title: string; body: string; tag: string } } | null };
type Clicked = Later & { notification: Notification };
type Page = { url: string; focus(): Promise<unknown> };
type Worker = {
  registration: ServiceWorkerRegistration;
  clients: {
    matchAll(of: { type: "window"; includeUncontrolled: true }): Promise<Page[]>;
    openWindow(url: string): Promise<unknown>;
  };
  addEventListener(type: "push", heard: (event: Pushed) => void): void;
  addEventListener(type: "notificationclick", heard: (event: Clicked) => void): void;
};

const worker = globalThis as unknown as Worker;
/** This file lies in assets/web below the console. */
const CONSOLE = new URL("../../", worker.registration.scope).href;

worker.addEventListener("push", (event) => {
  if (event.data === null) return;
  const { title, body, tag } = event.data.json();
  event.waitUntil(worker.registration.showNotification(title, { body, tag }));
});

worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(goThere());
});

async function goThere(): Promise<void> {
  const pages = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const open = pages.find(({ url }) => url.startsWith(CONSOLE));
  await (open === undefined ? worker.clients.openWindow(`${CONSOLE}#/alerts`) : open.focus());
}

export {};
