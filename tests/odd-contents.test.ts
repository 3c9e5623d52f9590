import { expect, it, vi } from "vitest";
import { newAccount } from "./helpers.ts";
import { found, publish, read } from "./knowledge.ts";

const ODD = [
  " ",
  "\u200b",
  "\u00a0\u3000\ufeff",
  "\n\n\n",
  "---",
  "```",
  "```\n```",
  "# ",
  "#",
  "|||\n|-|-|",
  "<!-- nothing -->",
  "<div></div>",
  "![](x)",
  "[]()",
  "\u0301\u0301\u0301",
  "\u202e\u202d",
  "👩‍👩‍👧‍👦",
  "\u{10ffff}",
  "。。。",
  "0",
  "a".repeat(65_536),
  "知".repeat(65_536),
  "👍".repeat(32_768),
  "a\n".repeat(32_768),
  "# a\n\n".repeat(10_000),
  `${"> ".repeat(20_000)}x`,
  `${"- ".repeat(20_000)}x`,
  "\\".repeat(65_536),
  "[".repeat(65_536),
  "`".repeat(65_535),
  "* ".repeat(32_000),
  "|".repeat(65_536),
  "<a ".repeat(20_000),
  "&#x".repeat(20_000),
  "e\u0301".repeat(32_768),
  "ﷺ".repeat(65_536),
];

it("verifies any text there can be in its turn: it ends searchable or rejected, and stops nothing behind it", async () => {
  const account = await newAccount();
  const units = await Promise.all(
    ODD.flatMap((text, i) => [
      publish(account, { title: `Odd body ${i}`, body: text }),
      publish(account, { title: text.slice(0, 200).toWellFormed(), body: `Odd title ${i}.` }),
    ]),
  );
  const last = await publish(account, { title: "Last", body: "The lastquokka of all." });
  await vi.waitFor(
    async () => {
      const statuses = await Promise.all(
        units.map(async ({ id }) => (await read(account, id)).status),
      );
      const stuck = statuses.flatMap((status, i) =>
        status === "searchable" || status === "rejected"
          ? []
          : [`${status} ${i % 2 ? "title" : "body"} ${JSON.stringify(ODD[i >> 1]?.slice(0, 12))}`],
      );
      expect(stuck).toEqual([]);
    },
    { timeout: 60_000, interval: 500 },
  );
  expect(await found(account, "lastquokka")).toEqual([`${last.id}@1`]);
}, 90_000);

it("answers any question there can be in every mode", async () => {
  const account = await newAccount();
  await publish(account, { title: "Something", body: "There is something to find." });
  for (const text of ODD) {
    const query = text.slice(0, 1_998);
    for (const mode of ["hybrid", "semantic", "lexical"]) {
      const answer = await account.call("POST", "/v1/search", {
        body: { query, mode, explain: true },
      });
      expect(answer.status, `${mode} ${JSON.stringify(query.slice(0, 12))}`).toBe(200);
      for (const hit of (await answer.json<{ hits: { score: number }[] }>()).hits)
        expect(Number.isFinite(hit.score)).toBe(true);
    }
  }
});
