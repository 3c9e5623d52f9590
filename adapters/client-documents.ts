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
const MINUTE_MS = 60_000;

/** Clients that describe themselves at their own address. What was read is believed for five minutes. */
export function clientDocuments(egress: Egress) {
  const known = kept<{ bytes: 1; client: ClientRecord | null; untilMs: number }>(KEPT);
  let asked = { sinceMs: 0, times: 0 };
  return async (id: string, nowMs: number): Promise<ClientRecord | null> => {
    if (!isDocumentId(id)) return null;
    const found = known.get(id);
    if (found !== undefined && nowMs < found.untilMs) return found.client;
    if (nowMs - asked.sinceMs >= MINUTE_MS) asked = { sinceMs: nowMs, times: 0 };
    if (++asked.times > ASKED_MAX) return found?.client ?? null;
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
