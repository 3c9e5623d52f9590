import type { UnitContent } from "#domain/units/model.ts";
import { checkPolicy } from "#domain/verification/policy.ts";

export const unit = (title: string, body: string): UnitContent => ({
  title,
  body,
  kind: "note",
  language: "und",
  tags: [],
  sources: [],
  appliesTo: [],
  links: [],
});

/** The time for the longest body of the worst kinds: it grows with the text, not faster. */
export function worstBody(verbose: boolean): void {
  const kinds: Record<string, string> = {
    blanks: " ",
    digits: "1",
    groups: "12 ",
    at: "@",
    "at-words": "a@a",
    equals: "=",
    assignments: "token=",
    brackets: "![](",
    spaced: "i ",
    ignore: "ignore your ",
    scheme: "a://a:b@",
    marks: "<!--",
    han: "忽略之前",
    letters: "a",
    pem: "-----BEGIN ",
    eyJ: "eyJ.eyJ.",
  };
  let worst = { name: "", ms: 0, ratio: 0 };
  for (const [name, part] of Object.entries(kinds)) {
    const time = (length: number) => {
      const content = unit("title", part.repeat(Math.ceil(length / part.length)).slice(0, length));
      const runs = [1, 2, 3].map(() => {
        const before = performance.now();
        checkPolicy(content, 1);
        return performance.now() - before;
      });
      return Math.min(...runs);
    };
    const [quarter, whole] = [time(16_384), time(65_536)];
    if (verbose)
      console.log(
        `  ${name}: ${whole.toFixed(1)} ms, ${(whole / quarter).toFixed(1)} times a quarter`,
      );
    if (whole > worst.ms) worst = { name, ms: whole, ratio: whole / quarter };
  }
  console.log(
    `worst body of 65,536 characters: ${worst.ms.toFixed(1)} ms (${worst.name}), ${worst.ratio.toFixed(1)} times a quarter of it`,
  );
}
