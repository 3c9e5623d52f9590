import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { keyRing, pruneRing, rewrapAll, rotateRing, secretOf, syncErased } from "./key-ring.ts";
import { Refusal } from "./say.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "wishub-ring-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string, text?: string) => ({
  stateDir: folder,
  keyRing: { file: join(folder, name), text },
});
const read = (name: string) =>
  JSON.parse(readFileSync(join(folder, name), "utf8")) as {
    current: string;
    settled: string;
    keys: object;
  };

describe("the key ring of a state", () => {
  it("is made once, readable by its owner only, and is the same at the next start", () => {
    const ring = keyRing(at("ring.json"));
    expect(keyRing(at("ring.json"))).toEqual(ring);
    expect(statSync(join(folder, "ring.json")).mode & 0o777).toBe(0o600);
  });

  it("is never made anew for a state that has one, nor replaced by another's", () => {
    keyRing(at("ring.json"));
    expect(() => keyRing(at("elsewhere.json"))).toThrow(Refusal);
    rmSync(join(folder, "keyring-id.json"));
    keyRing(at("other.json"));
    expect(() => keyRing(at("ring.json"))).toThrow("another state");
  });

  it("is refused where others can read it", () => {
    keyRing(at("ring.json"));
    chmodSync(join(folder, "ring.json"), 0o644);
    expect(() => keyRing(at("ring.json"))).toThrow("chmod 600");
  });

  it("may come as text, which must be a ring", () => {
    const text = secretOf(keyRing(at("ring.json")));
    expect(secretOf(keyRing(at("nowhere.json", text)))).toBe(text);
    expect(() => keyRing(at("nowhere.json", "{}"))).toThrow("no key ring");
    writeFileSync(join(folder, "ring.json"), "{");
    expect(() => keyRing(at("ring.json"))).toThrow(Refusal);
  });

  it("lets an old key go only once nothing is under it", async () => {
    const file = join(folder, "ring.json");
    const before = keyRing(at("ring.json"));
    rotateRing(file);
    const ring = keyRing(at("ring.json"));
    expect(ring.current).not.toBe(before.current);
    expect(Object.keys(ring.keys)).toHaveLength(2);
    expect(() => pruneRing(file)).toThrow("older key");
    const pages = [
      { rewrapped: 50, left: 1, lost: 0 },
      { rewrapped: 1, left: 0, lost: 0 },
      { rewrapped: 0, left: 0, lost: 0 },
    ];
    await rewrapAll(at("ring.json"), ring, () =>
      Promise.resolve(pages.shift() ?? { rewrapped: 0, left: 9, lost: 0 }),
    );
    expect(pages).toEqual([]);
    pruneRing(file);
    expect(Object.keys(read("ring.json").keys)).toEqual([ring.current]);
    await rewrapAll(at("ring.json"), keyRing(at("ring.json")), () =>
      Promise.reject(new Error("nothing is to be asked")),
    );
  });

  it("is not settled while data keys are under a key it lacks", async () => {
    keyRing(at("ring.json"));
    rotateRing(join(folder, "ring.json"));
    const ring = keyRing(at("ring.json"));
    await rewrapAll(at("ring.json"), ring, () =>
      Promise.resolve({ rewrapped: 0, left: 0, lost: 2 }),
    );
    expect(read("ring.json").settled).not.toBe(ring.current);
  });

  it("notes what was erased, and has it erased again where a backup came back", async () => {
    keyRing(at("ring.json"));
    let present = ["a0_1 p0_1 keep", "a0_1 p0_2 erase"];
    const again: string[] = [];
    const ask = (path: string, body?: unknown) => {
      const { after, erased } = body as { after?: string; erased?: string };
      if (path === "/erase-again") again.push(erased ?? "");
      const page = after === "" ? { erased: present, after: "e0_1" } : { erased: [], after: null };
      return Promise.resolve(page) as never;
    };
    await syncErased(at("ring.json"), ask);
    expect(again).toEqual([]);
    present = ["a0_1 p0_2 erase"];
    await syncErased(at("ring.json"), ask);
    expect(again).toEqual(["a0_1 p0_1 keep"]);
    expect(keyRing(at("ring.json")).erased).toEqual(["a0_1 p0_1 keep", "a0_1 p0_2 erase"]);
  });
});
