import { expect, it } from "vitest";
import { contentOf, patched } from "#domain/units/content.ts";

const ENGLISH = {
  title: "Tides",
  body: "The tide is the rise and the fall of the sea that the moon brings about.",
};
const CHINESE = { title: "潮汐", body: "潮汐是海水在月球引力下的周期性涨落现象。" };

it("tells the language of a changed text anew, unless its author said what it is", () => {
  const detected = contentOf(ENGLISH);
  expect(detected.language).toBe("en");
  expect(patched(detected, CHINESE).language).toBe("zh");
  expect(patched(detected, { ...CHINESE, language: "yue" }).language).toBe("yue");
  const said = contentOf({ ...ENGLISH, language: "en-GB" });
  expect(patched(said, { title: "The tides" }).language).toBe("en-GB");
});

it("is the same content whether it was published or changed into", () => {
  expect(patched(contentOf(ENGLISH), { ...CHINESE, tags: ["b", "a", "b"] })).toEqual(
    contentOf({ ...CHINESE, tags: ["a", "b"] }),
  );
});
