/** Bindings that only some deployments have: optional here, so that code asks before it uses one. */
interface Env {
  /** The key ring (domain/protection/ring.ts) as a secret: without one nothing is encrypted, and so nothing secret is taken. */
  WISHUB_KEY_RING?: string;
  /** Whose word about a client's address is believed (domain/accounts/client-address.ts); nobody's where it is not set. */
  WISHUB_TRUSTED_PROXY?: string;
  /** Public collections' dense vectors in production, further ones in VECTORIZE_1, VECTORIZE_2 …; else shards find all. */
  VECTORIZE?: Vectorize;
  /** Dimensions that public vectors are reduced to in Vectorize; as many as the space has where it is not said. */
  WISHUB_VECTORIZE_DIMENSIONS?: string;
  /** Vectors that cells and reduced dimensions are learnt from; small in tests. */
  WISHUB_VECTORIZE_SAMPLE?: string;
  /** Passages a search shard takes before it splits; small in tests. */
  WISHUB_SHARD_PASSAGES?: string;
  /** How long a large search shard stays in memory after it was last asked; as the platform has it where it is not said. */
  WISHUB_SHARD_STAYS_MS?: string;
  /** What the pages of an isolate's shards may take in memory, in bytes. */
  WISHUB_PAGE_CACHE_BYTES?: string;
  /** Sessions that the process has files for (domain/sessions/room.ts); as many as come where it is not said. */
  WISHUB_SESSIONS_MAX?: string;
  /** Bytes at which a shard of the units family takes no new units; small in tests. */
  WISHUB_UNITS_SHARD_BYTES?: string;
  /** Where heavy jobs are announced to backends that pull; where none is bound, the product keeps a queue of its own. */
  GPU_JOBS?: Queue;
  /** What a backend pulls from that queue of the product with; without it nobody may. */
  WISHUB_JOBS_TOKEN?: string;
  /** The gpu-backend beside the product. */
  GPU?: Fetcher;
  /** EmbeddedAI's engine in a second workerd. */
  EMBEDDER?: Fetcher;
  /** Whoever delivers mail (adapters/mail.ts); without it, mail waits in the outbox. */
  MAIL?: Fetcher;
  /** The platform's own mail, and the address that it is sent from. */
  SEND_EMAIL?: SendEmail;
  WISHUB_MAIL_FROM?: string;
  /** The domain of which the platform hands the product all mail: each channel by mail has an address there. */
  WISHUB_MAIL_DOMAIN?: string;
  /** The work of Proofs in another workerd. */
  PROVER?: Fetcher;
  /** An OpenAI-compatible endpoint, its key and the model it embeds with. */
  WISHUB_AI_URL?: string;
  WISHUB_AI_KEY?: string;
  WISHUB_AI_MODEL?: string;
  /** The models that callers may use (domain/inference/models.ts): `chat=one,chat=other,rerank=third`. */
  WISHUB_AI_MODELS?: string;
  /** How many numbers that model's vectors have; 1024 where it is not said. */
  WISHUB_AI_DIMENSIONS?: string;
  /** Set where `AI` is Workers AI: the model to embed with. */
  WISHUB_EMBED_MODEL?: string;
  /** What part of all traces is kept, from 0 to 1; a hundredth where it is not said. */
  WISHUB_TRACE_SAMPLE?: string;
  /** A collector that takes OTLP over HTTP, as JSON: the address before `/v1/traces`. */
  WISHUB_OTLP_URL?: string;
  /** What it wants to be told: `name=value,other=value`. */
  WISHUB_OTLP_HEADERS?: string;
  /** `json`: each line of the log on the console is its record; a line for people where it is not said. */
  WISHUB_LOG?: string;
  /** The network for targets that anybody may name: it connects to public addresses only. `npm start` and the tests have it. */
  EGRESS?: Fetcher;
  /** "0": nothing is measured, metered or traced. */
  WISHUB_OBSERVING?: string;
  /** The platform's own analytics, in production: every series beside our own roll-ups. */
  ANALYTICS?: AnalyticsEngineDataset;
  /** "platform" where the platform's own network has no private addresses: deployed on Cloudflare (scripts/deploy.ts). */
  WISHUB_EGRESS_NETWORK?: string;
}
