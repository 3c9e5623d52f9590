import type { Prove } from "#domain/proofs/model.ts";

/** Proofs by their binding, which is another Worker where deployed. */
export const proofs =
  (env: Env): Prove =>
  (kind, input) => {
    // RPC's types know no generics; what answers is `Provers`, kind by kind (workers/proofs/prove.ts).
    const { prove } = env.PROOFS as unknown as { prove: Prove };
    return prove(kind, input);
  };
