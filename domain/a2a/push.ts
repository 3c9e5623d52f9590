import type { PushConfig } from "./wire.ts";

/** The Delivery object of one push config. */
export const pushName = (agentId: string, taskId: string, configId: string): string =>
  `push ${agentId} ${taskId} ${configId}`;

/** What a receiver is told beside the event, so that it knows whom it comes from (4.3.3, 13.2). */
export function pushHeaders({ token, authentication }: PushConfig): Record<string, string> {
  const headers: Record<string, string> = {};
  if (token !== undefined) headers["X-A2A-Notification-Token"] = token;
  if (authentication?.credentials != null)
    headers["Authorization"] = `${authentication.scheme} ${authentication.credentials}`;
  return headers;
}

/** As it is kept and shown again: without what is secret. */
export function shownConfig({ url, authentication }: PushConfig, id: string, taskId: string) {
  const kept: PushConfig = { id, taskId, url };
  return authentication == null
    ? kept
    : { ...kept, authentication: { scheme: authentication.scheme } };
}
