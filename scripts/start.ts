import { firstAccount, consoleUrl } from "./launch/account.ts";
import { ensureBuilt } from "./launch/built.ts";
import { afterReady } from "./launch/first-search.ts";
import { keepGpuBackend } from "./launch/gpu.ts";
import { sampleHost } from "./launch/host-samples.ts";
import { keepErased, keyRing, rewrapAll, secretOf } from "./launch/key-ring.ts";
import { answers, portIsFree } from "./launch/http.ts";
import { lockState } from "./launch/lock.ts";
import { watchParents } from "./launch/parent.ts";
import { command, say, step, timed, timing } from "./launch/say.ts";
import { serve } from "./launch/serve.ts";
import { readSettings, type Settings } from "./launch/settings.ts";
import { checkStateVersion } from "./launch/state.ts";

/** Everything started so far, to be stopped in the opposite order. */
type Stops = (() => Promise<void> | void)[];

await command(async () => {
  const settings = readSettings(process.env);
  const stops: Stops = [];
  const ending = untilTold(stops);
  try {
    const end = await Promise.race([start(settings, stops, ending.fail), ending.told]);
    return end ?? (await ending.told);
  } finally {
    for (const stop of stops.toReversed()) await stop();
  }
});
process.exit();

async function start(
  settings: Settings,
  stops: Stops,
  fail: (sentence: string) => void,
): Promise<undefined> {
  timing("Node and the launcher's modules", performance.now());
  const lock = lockState(settings.stateDir);
  stops.push(() => lock.release());
  checkStateVersion(settings.stateDir);
  const ring = keyRing(settings);
  settings.vars["WISHUB_KEY_RING"] = secretOf(ring);
  await portIsFree(settings.host, settings.port, "WISHUB_PORT");
  await timed("seeing that all is built", ensureBuilt);

  const served = await step("starting", () => serve(settings, fail));
  stops.push(() => served.stop());
  await timed("the first answer", () => answers(`${settings.localUrl}/healthz`, 15_000));
  if (settings.gpu !== undefined) {
    const gpu = keepGpuBackend(settings.gpu.port, {
      url: settings.localUrl,
      token: settings.jobsToken,
    });
    stops.push(() => gpu.stop());
  }
  const erased = await timed("what was erased", () => keepErased(settings, served.ask));
  stops.push(() => erased.stop());
  const credentials = await firstAccount(settings, served);
  const samples = sampleHost(settings.stateDir, served.ask);
  stops.push(() => samples.stop());
  say(`console ${await timed("a console code", () => consoleUrl(settings, served))}`);
  say(`ready ${settings.localUrl}`);
  void rewrapAll(settings, ring, served.ask).catch(() => {}); // the next start goes on

  if (settings.seed && credentials !== undefined) {
    const background = new AbortController();
    stops.push(() => background.abort());
    void afterReady(settings, credentials, background.signal);
  }
  return undefined;
}

/** Resolves to the exit code: 0 when asked to stop, 1 when something cannot go on. */
function untilTold(stops: Stops): { told: Promise<number>; fail(sentence: string): void } {
  const { promise: told, resolve } = Promise.withResolvers<number>();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      process.stderr.write(`wishub: stopping (${signal})\n`);
      resolve(0);
    });
  const parents = watchParents(() => fail("what started this has gone, stopping"));
  stops.push(() => parents.stop());
  const fail = (sentence: string): void => {
    process.stderr.write(`wishub: ${sentence}\n`);
    resolve(1);
  };
  return { told, fail };
}
