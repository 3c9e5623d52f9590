import { api, codeOf } from "#web/app/client.ts";
import type { Head, Log } from "#web/screens/audit/proofs.ts";

const placeOf = (accountId: string): string => `wishub-audit-head:${accountId}`;

/** The account's log at the server, and the head that this browser keeps of it. */
export const logOf = (accountId: string): Log => ({
  verify: () => api.operation("GET /v1/audit/verify"),
  checkpoints: () => api.operation("GET /v1/audit/checkpoints"),
  entry: (seq) => api.operation("GET /v1/audit/{seq}", { path: { seq: String(seq) } }),
  consistency: async (from, to) => {
    try {
      return (await api.operation("GET /v1/audit/consistency", { query: { from, to } })).proof;
    } catch (error) {
      if (codeOf(error) === "not-found") return null;
      throw error;
    }
  },
  kept: () => {
    const stored = localStorage.getItem(placeOf(accountId));
    return stored === null ? undefined : (JSON.parse(stored) as Head);
  },
  keep: (head) => localStorage.setItem(placeOf(accountId), JSON.stringify(head)),
});
