import { packRows, type EmbeddingRefusal } from "#domain/embedding/answer.ts";
import { textsOf } from "./embedded-ai.ts";
import { embedHere } from "./embedding/engine.ts";

/** EmbeddedAI's engine in a second workerd, so that embedding never holds up a read. Reached by binding only. */
export default {
  async fetch(request, env) {
    if (request.method !== "POST" || new URL(request.url).pathname !== "/run")
      return new Response(null, { status: 404 });
    const body: unknown = await request.json().catch(() => null);
    if (typeof body !== "object" || body === null) return new Response(null, { status: 400 });
    const model = "model" in body && typeof body.model === "string" ? body.model : "";
    const texts = textsOf(model, body);
    if (!texts.ok) return refuse(texts.error);
    const priority = "priority" in body && body.priority === "document" ? "document" : "query";
    const vectors = await embedHere(env.ASSETS, texts.value, priority);
    return vectors.ok ? new Response(packRows(vectors.value)) : refuse(vectors.error);
  },
} satisfies ExportedHandler<Env>;

const refuse = (refusal: EmbeddingRefusal): Response =>
  Response.json(refusal, { status: refusal.refused === "overloaded" ? 503 : 501 });
