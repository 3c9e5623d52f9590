import { checkedInput } from "#domain/jobs/check.ts";
import type { JobKind } from "#domain/jobs/kinds.ts";
import type { JobView } from "#domain/jobs/protocol.ts";
import type { Embedder } from "#gpu-backend/embedder.ts";
import type { Compute } from "#gpu-backend/compute/compute.ts";
import type { Memory } from "#gpu-backend/compute/memory.ts";
import type { Tokenise } from "#gpu-backend/tokens.ts";
import { readTexts, readVectors } from "./collection.ts";
import { Failure } from "./failure.ts";
import type { Http } from "./http.ts";
import { type JobTrace, jobTrace } from "./job-trace.ts";
import { type Abilities, kindsOf, runJob } from "./kinds.ts";
import { createProduct, type Product } from "./product.ts";
import { createPuller, type Pulled, type Puller, type Settling } from "./pulling.ts";

export type LaneSettings = {
  /** Where announcements are pulled from: `…/queues/<id>` of Cloudflare's API, or the product's own queue. */
  queueUrl: string;
  token: string;
  /** Where the product is reached from here, in place of the origin that announcements name. */
  productUrl: string | undefined;
  /** Jobs at once. */
  parallel: number;
  leaseMs: number;
  /** Between two looks into an empty queue, at first and at most. */
  pollMs: number;
  pollMsMax: number;
};
export type LaneDeps = Abilities & {
  http: Http;
  embedder: Pick<Embedder, "embed">;
  tokenise: Tokenise;
  compute(): Promise<Compute>;
  memory: Memory;
  /** Resolves after so long, or rejects with the signal's reason. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  log(event: string, about: Record<string, unknown>): void;
};
export type Lane = {
  state(): { running: number; done: number; failed: number; lost: number };
  /** Takes nothing new, gives back what it is at, and resolves when that is said. */
  stop(): Promise<void>;
};

/** A pulled message is held only while its job is claimed: from then on the job's own lease counts. */
const CLAIM_MS = 30_000;
const CLAIM_AGAIN_S = 5;
const BEATS_PER_LEASE = 3;
const SAY_TRIES = 12;
const SAY_AGAIN_MS = 500;
const SAY_AGAIN_MS_MAX = 30_000;
const EMBED_AGAIN_MS = 500;
/** How long giving back may take. */
const STOP_MS = 5_000;
const REASON_CHARS = 300;

/** Pulls announcements of heavy jobs, claims a job for each, does it and says what came of it. */
export function startLane(settings: LaneSettings, deps: LaneDeps): Lane {
  const stopping = new AbortController();
  const { signal } = stopping;
  const puller = createPuller(deps.http, { url: settings.queueUrl, token: settings.token });
  const counts = { running: 0, done: 0, failed: 0, lost: 0 };
  const workers = Array.from({ length: settings.parallel }, () =>
    work({ settings, deps, puller, counts, signal }),
  );
  return {
    state: () => ({ ...counts }),
    async stop() {
      stopping.abort(new Failure("the backend is shutting down"));
      await Promise.allSettled(workers);
    },
  };
}

type Working = {
  settings: LaneSettings;
  deps: LaneDeps;
  puller: Puller;
  counts: ReturnType<Lane["state"]>;
  signal: AbortSignal;
};

async function work(at: Working): Promise<void> {
  const { settings, deps, puller, counts, signal } = at;
  let idleMs = settings.pollMs;
  while (!signal.aborted) {
    try {
      const [message] = await puller.pull(1, CLAIM_MS, signal);
      if (message === undefined) {
        await deps.wait(idleMs, signal);
        idleMs = Math.min(idleMs * 1.5, settings.pollMsMax);
        continue;
      }
      idleMs = settings.pollMs;
      const claimed = await claim(at, message);
      if (claimed === null) continue;
      counts.running++;
      try {
        counts[await attempt(at, claimed)]++;
      } finally {
        counts.running--;
      }
    } catch (error) {
      if (signal.aborted) return;
      deps.log("jobs-pull-failed", { error: String(error) });
      await deps.wait(settings.pollMsMax, signal).catch(() => {});
    }
  }
}

type Claimed = { product: Product; job: JobView };

async function claim(at: Working, { leaseId, wakeUp }: Pulled): Promise<Claimed | null> {
  const { settings, deps, puller, signal } = at;
  const settle = (how: Settling) => puller.settle(how, signal);
  if (wakeUp === null) {
    await settle({ acks: [leaseId], retries: [] });
    return null;
  }
  const product = createProduct(deps.http, `${settings.productUrl ?? wakeUp.url}/jobs`);
  const asked = { kinds: kindsOf(deps), leaseMs: settings.leaseMs };
  const said = await product.claim(wakeUp.secret, asked, signal);
  const job = said.how === "done" ? said.value : null;
  // Also where none of what waits is for this backend: the announcement is as good as before, for whoever comes next.
  if (said.how === "later" || (said.how === "done" && job === null)) {
    await settle({ acks: [], retries: [{ leaseId, delayS: CLAIM_AGAIN_S }] });
    return null;
  }
  // A message that is not acknowledged comes again, and finds its secret spent: nothing is lost where this fails.
  await settle({ acks: [leaseId], retries: [] }).catch((error: unknown) =>
    deps.log("jobs-ack-failed", { error: String(error) }),
  );
  return job === null ? null : { product: product.of(job), job };
}

/** One attempt at a job, from its claim until the product knows what came of it, or somebody else has the job. */
async function attempt(
  { settings, deps, signal: stopping }: Working,
  { product, job }: Claimed,
): Promise<"done" | "failed" | "lost"> {
  const lost = new AbortController();
  const signal = AbortSignal.any([stopping, lost.signal]);
  const held = { ticket: job.ticket, progress: 0 };
  const given: (() => void)[] = [];
  const trace = jobTrace(job.traceparent, Date.now);
  const beating = beat(
    held,
    async () => await product.heartbeat(held.ticket, beatOf(settings, held), lost.signal),
    settings.leaseMs / BEATS_PER_LEASE,
    { deps, lost },
  );
  try {
    const result = await trace.timed(`job ${job.kind}`, (inner) =>
      run(job, {
        deps,
        signal,
        trace: inner,
        read: (after) => product.page(held.ticket, after, signal),
        release: (give) => given.push(give),
        progress: (share) => (held.progress = Math.min(1, Math.max(held.progress, share))),
      }),
    );
    const said = { result, spans: trace.spans };
    return await told(() => product.complete(held.ticket, said, signal), deps, signal);
  } catch (error) {
    const failure = failureOf(lost.signal.aborted ? lost.signal.reason : error);
    deps.log("job-failed", { id: job.id, kind: job.kind, reason: failure.message });
    if (failure.how.lost) return "lost";
    const saying = AbortSignal.timeout(STOP_MS);
    await product
      .fail(
        held.ticket,
        {
          reason: failure.message.slice(0, REASON_CHARS) || "it failed",
          final: failure.how.final,
          delayMs: failure.how.delayMs,
          spans: trace.spans,
        },
        saying,
      )
      .catch(() => {});
    return "failed";
  } finally {
    lost.abort(new Failure("it is over", { lost: true }));
    await beating;
    for (const give of given) give();
  }
}

const beatOf = ({ leaseMs }: LaneSettings, { progress }: { progress: number }) => ({
  leaseMs,
  progress,
});

/** Keeps the lease until the job is over; a lease that is lost ends the job. A product that is away for a while does not. */
async function beat(
  held: { ticket: string },
  say: () => ReturnType<Product["heartbeat"]>,
  everyMs: number,
  { deps, lost }: { deps: LaneDeps; lost: AbortController },
): Promise<void> {
  while (!lost.signal.aborted) {
    try {
      await deps.wait(everyMs, lost.signal);
      const said = await say();
      if (said.how === "done") held.ticket = said.value.ticket;
      else if (said.how === "gone" || said.how === "refused")
        lost.abort(new Failure("the lease is lost", { lost: true }));
    } catch {
      // It ends when the job does.
    }
  }
}

type Running = {
  deps: LaneDeps;
  signal: AbortSignal;
  trace: JobTrace;
  read: Parameters<typeof readVectors>[0]["read"];
  release(give: () => void): void;
  progress(share: number): void;
};

async function run({ kind, input }: JobView, running: Running): Promise<unknown> {
  const { deps, signal, trace } = running;
  const { rerank, ocr } = deps;
  const checked = checkedInput<JobKind>(kind, input);
  if (!checked.ok) throw new Failure("the input is none that this backend knows", { final: true });
  const source = {
    read: running.read,
    memory: deps.memory,
    wait: (ms: number) => deps.wait(ms, signal),
  };
  return await runJob<JobKind>(kind, checked.value, {
    compute: deps.compute,
    vectors: () => trace.timed("read vectors", () => readVectors(source, running.release)),
    texts: () => trace.timed("read texts", () => readTexts(source)),
    embed: (texts) => trace.timed("embed", () => embed(texts, deps, signal)),
    ...(rerank && { rerank: (...asked) => trace.timed("rerank", () => rerank(...asked)) }),
    ...(ocr && { ocr: (...asked) => trace.timed("ocr", () => ocr(...asked)) }),
    signal,
    progress: running.progress,
  });
}

/** Behind everybody's requests: where the queue of texts is full, a job waits. */
async function embed(
  texts: readonly string[],
  { embedder, tokenise, wait }: LaneDeps,
  signal: AbortSignal,
): Promise<Float32Array[]> {
  const rows = texts.map(tokenise);
  const ended = new Promise<never>((_, failed) =>
    signal.addEventListener("abort", () => failed(signal.reason as Error), { once: true }),
  );
  for (;;) {
    signal.throwIfAborted();
    const vectors = await Promise.race([embedder.embed(rows, "document", signal), ended]);
    if (vectors.ok) return vectors.value;
    await wait(
      vectors.error.retryAfterS === undefined ? EMBED_AGAIN_MS : vectors.error.retryAfterS * 1_000,
      signal,
    );
  }
}

/** Says it until it is heard: the product may be away for a while, and who has done the work should not do it twice. */
async function told(
  say: () => ReturnType<Product["complete"]>,
  deps: LaneDeps,
  signal: AbortSignal,
): Promise<"done" | "failed" | "lost"> {
  for (let tries = 0; tries < SAY_TRIES; tries++) {
    const { how } = await say();
    if (how === "done") return "done";
    if (how === "gone") return "lost";
    // The product takes the result for none, and has noted the attempt as failed.
    if (how === "refused") return "failed";
    await deps.wait(Math.min(SAY_AGAIN_MS * 2 ** tries, SAY_AGAIN_MS_MAX), signal);
  }
  return "lost";
}

function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  return new Failure(error instanceof Error ? error.message : String(error));
}
