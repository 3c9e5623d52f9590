import { expect, it } from "vitest";
import { Lately } from "./lately.ts";

const asking = () => {
  const asked: string[] = [];
  const ask = (answer: string) => async () => {
    asked.push(answer);
    return answer;
  };
  return { asked, ask };
};

it("asks once for all who want to know within its life, and anew afterwards", async () => {
  const { asked, ask } = asking();
  const lately = new Lately<string>({ lifeMs: 100, max: 8 });
  const first = await Promise.all([
    lately.of("a", 0, ask("one")),
    lately.of("a", 99, ask("two")),
    lately.of("b", 99, ask("other")),
  ]);
  expect(first).toEqual(["one", "one", "other"]);
  expect(await lately.of("a", 100, ask("three"))).toBe("three");
  lately.forget("a");
  expect(await lately.of("a", 101, ask("four"))).toBe("four");
  // A clock that was set back says nothing of how old an answer is.
  expect(await lately.of("a", 50, ask("five"))).toBe("five");
  expect(asked).toEqual(["one", "other", "three", "four", "five"]);
});

it("counts an answer's age from when it was true, and takes what is newer", async () => {
  const { ask } = asking();
  const lately = new Lately<string>({ lifeMs: 100, max: 8 });
  const old = async (since: (atMs: number) => void) => {
    since(-60);
    return "old";
  };
  expect(await lately.of("a", 0, old)).toBe("old");
  expect(await lately.of("a", 39, ask("new"))).toBe("old");
  expect(await lately.of("a", 40, ask("new"))).toBe("new");
  lately.put("a", "older", 30);
  expect(await lately.of("a", 50, ask("x"))).toBe("new");
  lately.put("a", "told", 90);
  expect(await lately.of("a", 189, ask("x"))).toBe("told");
});

it("keeps so many, the newest", async () => {
  const { asked, ask } = asking();
  const lately = new Lately<string>({ lifeMs: 100, max: 2 });
  for (const name of ["a", "b", "c"]) await lately.of(name, 0, ask(name));
  expect(await lately.of("c", 1, ask("again"))).toBe("c");
  expect(await lately.of("b", 1, ask("again"))).toBe("b");
  await lately.of("a", 1, ask("a again"));
  expect(asked).toEqual(["a", "b", "c", "a again"]);
});
