import { countsOf, importUnits, settled } from "./lib/corpus.ts";
import { type Paragraph, xquad } from "./lib/data.ts";
import { type Product, product } from "./lib/product.ts";

// XQuAD, question → paragraph, MRR@10 through the served product's own search, all 1,190 questions each way.

const ASKING = 8;
const GOALS = { "en→en": 0.965, "zh→zh": 0.955, "zh→en": 0.75, "en→zh": 0.75 };

const english = xquad("en");
const chinese = xquad("zh");
if (english === null || chinese === null) {
  process.stdout.write(
    "skipped: the XQuAD data is not beside the repository (WISHUB_DATA names another place)\n",
  );
  process.exit(0);
}

const served = await product({ gpu: process.argv.includes("--gpu") });
try {
  const drafts = [...english.map(draftIn("en")), ...chinese.map(draftIn("zh"))];
  const imported = await importUnits(served, drafts);
  const seconds = await settled(served, 300_000);
  const counts = await countsOf(served);
  process.stdout.write(
    `${imported.accepted} paragraphs, searchable after ${seconds.toFixed(1)} s; rejected by L3 or below: ${counts["rejected"] ?? 0} (goal 0)\n`,
  );
  for (const mode of ["hybrid", "semantic", "lexical"]) {
    await measured(served, mode, "en→en", english, "en");
    await measured(served, mode, "zh→zh", chinese, "zh");
    if (mode === "lexical") continue;
    await measured(served, mode, "zh→en", chinese, "en");
    await measured(served, mode, "en→zh", english, "zh");
  }
} finally {
  await served.stop();
}

function draftIn(language: "en" | "zh") {
  return ({ title, text }: Paragraph, index: number) => ({
    title: title.replaceAll("_", " "),
    body: text,
    language,
    tags: [`p${index}`],
  });
}

async function measured(
  target: Product,
  mode: string,
  pair: keyof typeof GOALS,
  asked: Paragraph[],
  language: "en" | "zh",
): Promise<void> {
  const questions = asked.flatMap(({ questions: all }, index) =>
    all.map((query) => ({ query, index })),
  );
  const paragraphOf = await paragraphsIn(target, language);
  let next = 0;
  let sum = 0;
  const ask = async () => {
    for (let at = next++; at < questions.length; at = next++) {
      const { query = "", index } = questions[at] ?? {};
      const answer = await target.fetch("/v1/search", {
        method: "POST",
        body: JSON.stringify({ query, mode, limit: 10, filter: { language } }),
      });
      if (!answer.ok) throw new Error(`search answered ${answer.status}: ${await answer.text()}`);
      const { hits } = (await answer.json()) as { hits: { unitId: string }[] };
      const rank = hits.findIndex((hit) => paragraphOf.get(hit.unitId) === index);
      if (rank !== -1) sum += 1 / (rank + 1);
    }
  };
  await Promise.all(Array.from({ length: ASKING }, ask));
  const mrr = sum / questions.length;
  const goal =
    mode === "hybrid" ? `  (goal ${GOALS[pair]}${mrr >= GOALS[pair] ? "" : ", MISSED"})` : "";
  process.stdout.write(`MRR@10 ${mode.padEnd(9)} ${pair}  ${mrr.toFixed(3)}${goal}\n`);
}

/** Which paragraph each unit of a language is, from its tag. */
async function paragraphsIn(target: Product, language: string): Promise<Map<string, number>> {
  const paragraphs = new Map<string, number>();
  let cursor: string | null = null;
  do {
    const page: string = cursor === null ? "" : `&cursor=${cursor}`;
    const answer = (await (await target.fetch(`/v1/units?limit=100${page}`)).json()) as {
      items: { id: string; language: string; tags: string[] }[];
      nextCursor: string | null;
    };
    for (const unit of answer.items) {
      if (unit.language === language) paragraphs.set(unit.id, Number(unit.tags[0]?.slice(1)));
    }
    cursor = answer.nextCursor;
  } while (cursor !== null);
  return paragraphs;
}
