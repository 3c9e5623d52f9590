import { countsOf, importUnits, settled } from "./lib/corpus.ts";
import { dictionaryUnits, questionsAbout } from "./lib/data.ts";
import { httpRequest, load, loadLine } from "./lib/load.ts";
import { product } from "./lib/product.ts";

// Reads while documents are being embedded: one thread that embeds must not make readers wait.

for (const gpu of [false, true]) {
  const served = await product({ gpu });
  try {
    const drafts = await dictionaryUnits(4_000);
    await importUnits(served, drafts.slice(0, 300));
    await settled(served, 120_000);
    const { items } = (await (await served.fetch("/v1/units?limit=100")).json()) as {
      items: { id: string }[];
    };

    const startedAt = performance.now();
    const before = (await countsOf(served))["searchable"] ?? 0;
    const background = importUnits(
      served,
      drafts.slice(1_000).map((draft) => ({ ...draft, body: `${draft.body}. `.repeat(4) })),
    );
    const lexical = questionsAbout(drafts).map((query) =>
      JSON.stringify({ query, mode: "lexical" }),
    );
    const name = gpu ? "with the gpu-backend" : "EmbeddedAI alone";
    for (const [kind, request] of [
      [
        "GET unit",
        (n: number) =>
          httpRequest("GET", `/v1/units/${items[n % items.length]?.id}`, served.headers),
      ],
      [
        "search",
        (n: number) =>
          httpRequest("POST", "/v1/search", served.headers, lexical[n % lexical.length] ?? ""),
      ],
    ] as const) {
      const measured = await load({ url: served.url, connections: 2, durationMs: 6_000, request });
      process.stdout.write(
        `${loadLine(`${kind} beside embedding, ${name} (goal p95 50)`, measured)}\n`,
      );
    }
    await background;
    const embedded = ((await countsOf(served))["searchable"] ?? 0) - before;
    process.stdout.write(
      `  meanwhile ${(embedded / ((performance.now() - startedAt) / 1_000)).toFixed(1)} units/s embedded\n`,
    );
  } finally {
    await served.stop();
  }
}
