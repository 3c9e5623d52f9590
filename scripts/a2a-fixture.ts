import { benchWorker } from "#bench/lib/worker.ts";
import { buildAll } from "./build.ts";
import { command, isCommand, say } from "./launch/say.ts";

const DEFAULT_PORT = 9_998;

/**
 * Starts the agent that compatibility kits of A2A are pointed at (tests/a2a-fixture-worker.ts), on a state that ends with
 * it. `minimal`: without streaming, push notifications and extended card.
 */
export async function startFixture(
  port: number,
  card: string,
): Promise<{ url: string; end(): Promise<void> }> {
  const url = `http://127.0.0.1:${port}`;
  const miniflare = await benchWorker({
    entry: { file: "tests/a2a-fixture-worker.ts" },
    objects: ["FixtureAgent"],
    databases: ["CATALOG_0", "UNITS_0"],
    variables: {
      WISHUB_PUBLIC_URL: url,
      WISHUB_EGRESS_ALLOW: "",
      WISHUB_SIGNUP: "closed",
      FIXTURE_URL: url,
      FIXTURE_CARD: card,
    },
    direct: port,
  });
  await miniflare.ready;
  return { url, end: () => miniflare.dispose() };
}

if (isCommand(import.meta)) {
  await command(async () => {
    await buildAll();
    const port = Number(process.env["A2A_FIXTURE_PORT"] || DEFAULT_PORT);
    const { url, end } = await startFixture(port, process.env["A2A_FIXTURE_CARD"] ?? "");
    say(`ready ${url}`);
    await new Promise<void>((done) => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => done());
    });
    await end();
  });
}
