import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blocksOf, inlinesOf, plainText } from "./markdown.ts";

describe("a unit's Markdown in the console", () => {
  it("is without its marks where it is only looked at in passing", () => {
    expect(
      plainText("## Tides\nTwice a **day**, by\n\n- the [moon](https://a.example)\n- `sun`"),
    ).toBe("Tides Twice a day, by the moon · sun");
  });

  it("becomes headings, paragraphs, lists and code", () => {
    expect(
      blocksOf(
        "## Queues\nKeep *state*\nfirst.\n\n1. one\n2. two\n   more\n\n```js\nack()\n```",
      ).map((block) => block.kind),
    ).toEqual(["heading", "paragraph", "list", "code"]);
  });

  it("links only to http and https", () => {
    expect(inlinesOf("[a](https://example.com/x) [b](javascript:alert(1))")).toEqual([
      { kind: "link", text: "a", url: "https://example.com/x" },
      { kind: "text", text: " " },
      { kind: "text", text: "b" },
      { kind: "text", text: ")" },
    ]);
  });

  it("loses no word outside link targets and fences", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            "# ",
            "`",
            "**",
            "[",
            "](",
            ")",
            "- ",
            "\n",
            "> ",
            "|",
            "word",
            "字",
            "```",
            "  ",
          ),
        ),
        (parts) => {
          const text = parts.join("");
          const kept = JSON.stringify(blocksOf(text));
          expect((kept.match(/字/g) ?? []).length).toBeGreaterThanOrEqual(
            parts.filter((part) => part === "字").length - lostInTargets(text),
          );
        },
      ),
    );
  });
});

/** A link's target and the rest of a fence's opening line are not shown. */
const lostInTargets = (text: string) =>
  /\]\(|```|~~~/.test(text) ? (text.match(/字/g) ?? []).length : 0;
