import { WorkerEntrypoint } from "cloudflare:workers";
import type { Busy, ProofKind, Proofs as Kinds } from "#domain/proofs/model.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import { prove } from "./proofs/prove.ts";

type ProverEnv = { PROVER?: Fetcher };

const TIMEOUT_MS = 30_000;
const DOWN_MS = 2_000;
let restUntilMs = 0;

/**
 * Proofs that cost a request's whole time: passwords, passkeys. It has no storage and keeps nothing. Deployed it is a
 * Worker of its own; on a laptop the second workerd does the work, so that no read waits for a password.
 */
export class Proofs extends WorkerEntrypoint<ProverEnv> {
  async prove(
    kind: ProofKind,
    input: Kinds[ProofKind]["input"],
  ): Promise<Result<Kinds[ProofKind]["output"], Busy>> {
    const { PROVER: prover } = this.env;
    return (prover && (await provedBeside(prover, kind, input))) ?? (await prove(kind, input));
  }
}

/** The second workerd's answer, or null where there is none to be had. */
async function provedBeside(prover: Fetcher, kind: ProofKind, input: Kinds[ProofKind]["input"]) {
  if (Date.now() < restUntilMs) return null;
  try {
    const response = await prover.fetch("http://prover/prove", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ kind, input }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status === 503) return err(await response.json<Busy>());
    if (response.ok)
      return ok((await response.json<{ output: Kinds[ProofKind]["output"] }>()).output);
  } catch {
    // It is being started again, which takes about a second; until then this isolate proves.
  }
  restUntilMs = Date.now() + DOWN_MS;
  return null;
}

/** Reached by its binding and never by a request. */
export default {
  fetch: () => new Response(null, { status: 404 }),
} satisfies ExportedHandler;
