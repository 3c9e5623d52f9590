import type { Context } from "./command.ts";
import { harmless, wrap, type Style } from "./terminal.ts";

type Out = Pick<Context, "terminal" | "json">;

/** Prints what came back: for programs as one JSON document, for people as `text`. The exit code is 0. */
export async function answered({ terminal, json }: Out, answer: unknown, text: string) {
  await terminal.out(json ? `${JSON.stringify(answer)}\n` : text);
  return 0;
}

/** The same of a list, a line or several for each item; `none` where it is empty. */
export const listed = async (out: Out, answer: unknown, lines: readonly string[], none: string) =>
  await answered(out, answer, `${lines.join("\n") || none}\n`);

/** The same with a secret that is shown this once; for people below `text`, where there is one. */
export async function answeredOnce(
  { terminal, json }: Out,
  answer: { secret?: string | undefined },
  text = "",
) {
  const { secret } = answer;
  await answered({ terminal, json }, answer, secret === undefined ? text : `${text}${secret}\n`);
  if (!json && secret !== undefined) terminal.err("keep the secret now, it is not shown again\n");
  return 0;
}

type Dead = { items: { deadAt: string; reason: string }[] };

/** Lists what was given up: `headed` says which each is; below it stands why. */
export async function listedDead<T extends Dead>(
  out: Out & Pick<Context, "style">,
  found: T,
  headed: (item: T["items"][number], style: Style) => string,
) {
  const { style, terminal } = out;
  const lines = found.items.flatMap((item) => [
    `${headed(item, style)}  ${style(item.deadAt, "dim")}`,
    ...wrap(harmless(item.reason), terminal.columns - 2).map((line) => `  ${line}`),
  ]);
  return await listed(out, found, lines, "no dead letters");
}
