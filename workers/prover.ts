import { isProofKind, prove } from "./proofs/prove.ts";

/** The work of `Proofs` in a second workerd. Reached by binding only. */
export default {
  async fetch(request) {
    if (request.method !== "POST" || new URL(request.url).pathname !== "/prove")
      return new Response(null, { status: 404 });
    const asked = await request.json<{ kind: string; input: never }>().catch(() => null);
    if (asked === null || !isProofKind(asked.kind)) return new Response(null, { status: 400 });
    const proven = await prove(asked.kind, asked.input);
    return proven.ok
      ? Response.json({ output: proven.value })
      : Response.json(proven.error, { status: 503 });
  },
} satisfies ExportedHandler;
