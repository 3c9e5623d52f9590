/** A failure the user can act on: printed as its one sentence, without a stack. */
export class Refusal extends Error {}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

export function seconds(fromMs: number, toMs = performance.now()): string {
  return `${((toMs - fromMs) / 1000).toFixed(1)} s`;
}

/** Runs a command's main function; a Refusal ends it with one sentence, a bug with its stack. */
export async function command(main: () => Promise<number | void>): Promise<void> {
  try {
    process.exitCode = (await main()) ?? process.exitCode ?? 0;
  } catch (error) {
    process.stderr.write(
      error instanceof Refusal ? `wishub: ${error.message}\n` : `${stackOf(error)}\n`,
    );
    process.exitCode = 1;
  }
}

/** Whether this module was asked for by name, by Node itself or through bootstrap.mjs. */
export function isCommand(meta: ImportMeta): boolean {
  return meta.main || process.argv[1] === meta.filename;
}

/** Silent when quick; whatever takes more than a second says what it is doing and for how long it did. */
export async function step<T>(
  what: string,
  run: (log: (line: string) => void) => Promise<T>,
): Promise<T> {
  const startedMs = performance.now();
  const timer = setTimeout(() => say(`${what} …`), 1_000);
  try {
    const value = await run((line) => say(`  ${line}`));
    if (performance.now() - startedMs >= 1_000) say(`${what}: ${seconds(startedMs)}`);
    return value;
  } finally {
    clearTimeout(timer);
  }
}

/** Says how long a part of the start took where WISHUB_TIMINGS asks for it (bench/throughput.ts does). */
export async function timed<T>(what: string, run: () => Promise<T>): Promise<T> {
  const startedMs = performance.now();
  const value = await run();
  timing(what, performance.now() - startedMs);
  return value;
}

export function timing(what: string, ms: number): void {
  if (process.env["WISHUB_TIMINGS"] === "1") say(`timing ${what}: ${ms.toFixed(0)} ms`);
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
