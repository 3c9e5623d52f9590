import { readdirSync, readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { IntlMessageFormat } from "intl-messageformat";
import { describe, expect, it } from "vitest";
import type { Messages } from "./language.ts";

const WEB = join(import.meta.dirname, "..");
const LANGUAGES = ["en", "zh", "ja", "es"];

const files = readdirSync(WEB, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !/\.test\./.test(entry.name))
  .map((entry) => join(entry.parentPath, entry.name));
const sources = files.map((path) => ({ path, text: readFileSync(path, "utf8") }));
const lists = files.filter((path) => basename(path).endsWith("messages.ts"));

/** The lists of messages that a file holds, by what they are called. */
async function listsOf(path: string): Promise<[string, Messages][]> {
  return Object.entries((await import(path)) as Record<string, Messages>);
}

type Part = ReturnType<IntlMessageFormat["getAst"]>[number];

/** The values that a message names, also within its plurals. */
function valuesOf(parts: readonly Part[]): string[] {
  return parts.flatMap((part) => {
    if (part.type === 0 || part.type === 7) return []; // text, or a plural's own number
    const inner = "options" in part ? Object.values(part.options) : [];
    return [part.value, ...inner.flatMap(({ value }) => valuesOf(value))];
  });
}

describe.each(lists.map((path) => [relative(WEB, path), path]))("%s", (_, path) => {
  it("says every message in all four languages, with the same values", async () => {
    for (const [, messages] of await listsOf(path))
      for (const [key, said] of Object.entries(messages)) {
        expect({ key, languages: said.length }).toEqual({ key, languages: LANGUAGES.length });
        const values = said.map((text, at) => {
          const parsed = new IntlMessageFormat(text, LANGUAGES[at]);
          return [...new Set(valuesOf(parsed.getAst()))].sort();
        });
        for (const [at, text] of said.entries()) {
          expect(text.trim(), key).not.toBe("");
          expect({ key, values: values[at] }).toEqual({ key, values: values[0] });
        }
      }
  });

  it("holds no message that nothing says", async () => {
    for (const [name, messages] of await listsOf(path)) {
      const users = sources.filter(
        (source) => source.path !== path && new RegExp(`\\b${name}\\b`).test(source.text),
      );
      const text = users.map((user) => user.text).join("\n");
      // `t(`status${…}`)` says whatever begins so.
      const begun = [...text.matchAll(/`(\w+)\$\{/g)].map(([, begin = ""]) => begin);
      const isSaid = (key: string) =>
        text.includes(`"${key}"`) || begun.some((begin) => key.startsWith(begin));
      expect({ name, unsaid: Object.keys(messages).filter((key) => !isSaid(key)) }).toEqual({
        name,
        unsaid: [],
      });
    }
  });
});
