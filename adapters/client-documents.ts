import {
  clientOfDocument,
  DOCUMENT_BYTES_MAX,
  isDocumentId,
} from "#domain/oauth/client-documents.ts";
import type { ClientRecord } from "#domain/oauth/clients.ts";
import { kept } from "#domain/shared/kept.ts";
import type { Egress } from "#adapters/egress.ts";

const LIFE_MS = 300_000;
/** What could not be read is asked for again soon: its client is being set up. */
const ABSENT_LIFE_MS = 15_000;
const KEPT = 500;
const TIMEOUT_MS = 5_000;
/** Anybody can make us ask for an address by naming it: an isolate does so this often a minute, and no more. */
const ASKED_MAX = 60;
/** Nobody uses up what a client that holds something is asked for: those are counted apart, and each host alone. */
const ASKED_OF_HOST_MAX = 20;
const MINUTE_MS = 60_000;

/** Clients that describe themselves at their own address. What was read is believed for five minutes. */
export function clientDocuments(egress: Egress, holdsSomething: (id: string) => Promise<boolean>) {
  const known = kept<{ bytes: 1; client: ClientRecord | null; untilMs: number }>(KEPT);
  let asked = { sinceMs: 0, strangers: 0, hosts: new Map<string, number>() };

  async function mayAsk(id: string, nowMs: number): Promise<boolean> {
    if (nowMs - asked.sinceMs >= MINUTE_MS)
      asked = { sinceMs: nowMs, strangers: 0, hosts: new Map() };
    const { host } = new URL(id);
    const times = asked.hosts.get(host) ?? 0;
    if (times >= ASKED_OF_HOST_MAX) return false;
    if (!(await holdsSomething(id)) && ++asked.strangers > ASKED_MAX) return false;
    if (asked.hosts.size < KEPT || times > 0) asked.hosts.set(host, times + 1);
    return true;
  }
  return async (id: string, nowMs: number): Promise<ClientRecord | null> => {
    if (!isDocumentId(id)) return null;
    const found = known.get(id);
    if (found !== undefined && nowMs < found.untilMs) return found.client;
    if (!(await mayAsk(id, nowMs))) return found?.client ?? null;
    const answer = await egress(id, {
      secure: true,
      headers: { Accept: "application/json" },
      bytesMax: DOCUMENT_BYTES_MAX,
      timeoutMs: TIMEOUT_MS,
    });
    const isRead = answer.ok && answer.value.status === 200;
    const client = isRead ? clientOfDocument(id, answer.value.body) : null;
    const lifeMs = client === null ? ABSENT_LIFE_MS : LIFE_MS;
    known.set(id, { bytes: 1, client, untilMs: nowMs + lifeMs });
    return client;
  };
}
