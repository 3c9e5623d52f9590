import { buildAll } from "./build.ts";
import { FAST_GATES, pass, SLOW_GATES } from "./launch/gates.ts";
import { command, say, seconds } from "./launch/say.ts";

await command(async () => {
  const startedMs = performance.now();
  await buildAll();
  const { passed, failed } = await pass([...FAST_GATES, ...SLOW_GATES]);
  say(`${passed} passed, ${failed.length} failed (${seconds(startedMs)})`);
  return failed.length === 0 ? 0 : 1;
});
