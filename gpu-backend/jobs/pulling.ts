import { pullAnswer } from "#domain/jobs/pull.ts";
import { wakeUp, type WakeUp } from "#domain/jobs/wakeup.ts";
import type { Http } from "./http.ts";

export type Pulled = { leaseId: string; wakeUp: WakeUp | null };
export type Settling = { acks: string[]; retries: { leaseId: string; delayS: number }[] };
export type Puller = ReturnType<typeof createPuller>;

/** A queue by Cloudflare's HTTP pull API, at the platform or at the product itself. */
export function createPuller(http: Http, { url, token }: { url: string; token: string }) {
  const post = (path: string, body: object, signal: AbortSignal) =>
    http(`${url}/messages/${path}`, { method: "POST", bearer: token, body, signal });
  return {
    /** Messages under leases of `visibilityMs`; a body that cannot be read is `null`, and nobody's loss. */
    async pull(limit: number, visibilityMs: number, signal: AbortSignal): Promise<Pulled[]> {
      const asked = { batch_size: limit, visibility_timeout_ms: visibilityMs };
      const { status, json } = await post("pull", asked, signal);
      const answer = pullAnswer.safeParse(json);
      if (status !== 200 || !answer.success)
        throw new Error(`the queue answered ${status} to a pull`);
      return answer.data.result.messages.map(({ lease_id: leaseId, body }) => ({
        leaseId,
        wakeUp: messageFrom(body),
      }));
    },
    async settle({ acks, retries }: Settling, signal: AbortSignal): Promise<void> {
      if (acks.length + retries.length === 0) return;
      const { status } = await post(
        "ack",
        {
          acks: acks.map((leaseId) => ({ lease_id: leaseId })),
          retries: retries.map(({ leaseId, delayS }) => ({
            lease_id: leaseId,
            delay_seconds: delayS,
          })),
        },
        signal,
      );
      if (status !== 200) throw new Error(`the queue answered ${status} to an ack`);
    },
  };
}

function messageFrom(body: string): WakeUp | null {
  try {
    const json: unknown = JSON.parse(Buffer.from(body, "base64").toString("utf8"));
    const parsed = wakeUp.safeParse(json);
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
