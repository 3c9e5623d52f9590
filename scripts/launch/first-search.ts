import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { join } from "node:path";
import { inRoot, ROOT } from "./paths.ts";
import { say, seconds } from "./say.ts";
import type { Settings } from "./settings.ts";
import type { Credentials } from "./state.ts";

type Hit = { title: string; snippet: string; score: number; level: string };
type Answer = { hits: Hit[]; tookMs: number };
type Starter = {
  exampleQuestions: readonly string[];
  publishStarter(options: {
    url: string;
    apiKey: string;
    root: string;
    marker: string;
    log(line: string): void;
    signal: AbortSignal;
  }): Promise<unknown>;
};

const COLUMNS = 80;
const WAIT_MS = 600_000;
const ALL_WAIT_MS = 90_000;
const LOOK_EVERY_MS = 500;

/** Publishes the starter knowledge behind users' work, and shows a first search once there is something to find. */
export async function afterReady(
  settings: Settings,
  credentials: Credentials,
  signal: AbortSignal,
): Promise<void> {
  const path = inRoot("scripts", "starter.ts");
  if (!existsSync(path)) return;
  try {
    const { publishStarter, exampleQuestions } = (await import(
      pathToFileURL(path).href
    )) as Starter;
    const publishing = { done: false };
    const published = publishStarter({
      url: settings.localUrl,
      apiKey: credentials.apiKey,
      root: ROOT,
      marker: join(settings.stateDir, "starter.json"),
      log: say,
      signal,
    }).finally(() => (publishing.done = true));
    await Promise.all([
      published,
      showFirstSearch(settings, credentials, questionsOf(exampleQuestions), publishing, signal),
    ]);
  } catch (error) {
    if (!signal.aborted)
      say(
        `the starter knowledge was not published: ${error instanceof Error ? error.message : String(error)}`,
      );
  }
}

/** One in each language the product is shown in. */
function questionsOf(examples: readonly string[]): string[] {
  const chinese = examples.find((question) => /\p{Script=Han}/u.test(question));
  return [examples[0], chinese].filter((question) => question !== undefined);
}

async function showFirstSearch(
  settings: Settings,
  credentials: Credentials,
  questions: string[],
  publishing: { done: boolean },
  signal: AbortSignal,
) {
  const startedMs = performance.now();
  const [first = ""] = questions;
  for (;;) {
    const hits = (await search(settings, credentials, first, signal))?.hits ?? [];
    const waitedMs = performance.now() - startedMs;
    // The first units are rarely the ones that answer it best, so it waits for all, within reason.
    if (hits.length > 0 && (publishing.done || waitedMs > ALL_WAIT_MS)) break;
    if (waitedMs > WAIT_MS) return;
    await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
    signal.throwIfAborted();
  }
  for (const query of questions) {
    const askedMs = performance.now();
    const answer = await search(settings, credentials, query, signal);
    if (answer !== undefined) show(query, answer, performance.now() - askedMs);
  }
  say(`first search ${seconds(startedMs)} after ready`);
}

async function search(
  settings: Settings,
  { apiKey }: Credentials,
  query: string,
  signal: AbortSignal,
): Promise<Answer | undefined> {
  const response = await fetch(`${settings.localUrl}/v1/search`, {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ query, limit: 3 }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(30_000)]),
  });
  return response.ok ? ((await response.json()) as Answer) : undefined;
}

function show(query: string, answer: Answer, tookMs: number): void {
  say("");
  say(fit(`search  “${query}”  ${answer.hits.length} hits in ${tookMs.toFixed(0)} ms`));
  for (const [index, hit] of answer.hits.entries()) {
    say(fit(`  ${index + 1}. ${hit.score.toFixed(3)} ${hit.level}  ${oneLine(hit.title)}`));
    say(fit(`     ${oneLine(hit.snippet)}`));
  }
}

function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, " ").trim();
}

/** Cuts to the terminal's columns, of which a Chinese character takes two. */
function fit(text: string): string {
  let columns = 0;
  let kept = "";
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    const width =
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
        segment,
      )
        ? 2
        : 1;
    if (columns + width > COLUMNS - 1) return `${kept}…`;
    columns += width;
    kept += segment;
  }
  return kept;
}
