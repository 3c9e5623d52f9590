import fc from "fast-check";
import { expect, it } from "vitest";
import { flatXml } from "./flat-xml.ts";

it("reads the fields that were written, whatever is in them", () => {
  const value = fc.string({ unit: "grapheme" }).filter((text) => !text.includes("]]>"));
  fc.assert(
    fc.property(
      fc.dictionary(fc.stringMatching(/^[A-Z][a-z]{1,8}$/), value, { maxKeys: 10 }),
      (fields) => {
        const entries = Object.entries(fields);
        const cdata = entries.map(([name, text]) => `<${name}><![CDATA[${text}]]></${name}>`);
        expect([...(flatXml(`<xml>\n${cdata.join("\n")}\n</xml>`) ?? [])]).toEqual(entries);
        const escaped = entries.map(
          ([name, text]) =>
            `<${name}>${text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")}</${name}>`,
        );
        expect([...(flatXml(`<xml>${escaped.join("")}</xml>`) ?? [])]).toEqual(entries);
      },
    ),
  );
});

it("answers null for what is no such document, in time that grows with its length", () => {
  for (const text of [
    "",
    "<xml>",
    "<xml></yml>",
    "<a></a>",
    "<xml><a>",
    "<xml>text</xml>",
    "<xml><a>1</b></xml>",
  ])
    expect(flatXml(text), text).toBeNull();
  const startedMs = performance.now();
  expect(flatXml(`<xml>${"<a>".repeat(80_000)}</xml>`)).toBeNull();
  expect(flatXml(`<xml>${" ".repeat(250_000)}<</xml>`)).toBeNull();
  expect(performance.now() - startedMs).toBeLessThan(2_000);
});
