import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createMemory } from "./compute/memory.ts";
import { startEmbedder } from "./embedder.ts";
import { abilitiesOf } from "./jobs/abilities.ts";
import { openJobs } from "./jobs/open.ts";
import { jobGauges } from "./metrics.ts";
import { openOcr } from "./ocr/ocr.ts";
import { openRerank } from "./rerank.ts";
import { createBackend } from "./server.ts";
import { settingsFrom, type Settings } from "./settings.ts";
import { openTokeniser } from "./tokens.ts";

/** Longer than any batch; after it the process ends even if a client does not read its answer. */
const DRAIN_MS_MAX = 10_000;

const settings = settingsFrom(process.env, join(import.meta.dirname, ".."));
if (settings.ok) await serve(settings.value);
else end(settings.error);

async function serve(settings: Settings): Promise<void> {
  // Whoever started this is gone, so nobody waits for an answer either.
  if (settings.parentPipe)
    process.stdin
      .resume()
      .once("end", () => process.exit(0))
      .once("error", () => process.exit(0));
  try {
    const tokenise = await openTokeniser(settings.wordsPath);
    const embedder = await startEmbedder(settings, (error) =>
      end(`the model stopped: ${error.message}`),
    );
    const memory = createMemory(settings.memoryBytes);
    const rerank = openRerank(settings.rerank);
    const { compute, token } = settings;
    const jobs =
      settings.jobs &&
      openJobs(settings.jobs, {
        ...abilitiesOf({ ...(settings.rerank && { rerank }), ocr: openOcr(settings) }),
        embedder,
        tokenise,
        compute,
        memory,
      });
    const gauges = () => jobGauges(memory, jobs?.state());
    const { server, drain } = createBackend({ embedder, tokenise, token, rerank, gauges });
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.once(signal, () => {
        setTimeout(() => process.exit(0), DRAIN_MS_MAX).unref();
        void Promise.all([drain(), jobs?.stop()]).then(() => process.exit(0));
      });
    }
    server.listen(settings.port, settings.host);
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const host = settings.host.includes(":") ? `[${settings.host}]` : settings.host;
    process.stdout.write(`gpu-backend ready http://${host}:${port}\n`);
  } catch (error) {
    end(sentenceOf(error, settings));
  }
}

function sentenceOf(error: unknown, { port, modelPath }: Settings): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") return `port ${port} is in use, set WISHUB_GPU_PORT to another one.`;
  if (code === "EACCES")
    return `port ${port} may not be opened by this user, set WISHUB_GPU_PORT to another one.`;
  const text = error instanceof Error ? error.message : String(error);
  if (code === "ENOENT" || text.includes(modelPath))
    return `the model is not there, build it first (${text}).`;
  return text;
}

function end(sentence: string): never {
  process.stderr.write(`gpu-backend: ${sentence}\n`);
  process.exit(1);
}
