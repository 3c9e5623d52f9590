import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { keyRing } from "#adapters/key-ring.ts";
import { parseRing, rotated } from "#domain/protection/ring.ts";

const text = (env as Env).WISHUB_KEY_RING ?? "";
const person = (name: string) => ({ person: `p0_${name}` });
/** What another isolate sees, which remembers nothing of this one. */
const elsewhere = (WISHUB_KEY_RING: string | undefined = text) =>
  keyRing({ CATALOG_0: env.CATALOG_0, WISHUB_KEY_RING });

function withNewKey(of: string, letter: string): string {
  const ring = parseRing(of);
  if (ring === null) throw new Error("no ring");
  const next = rotated(ring, { id: letter.repeat(16), secret: new Uint8Array(32).fill(9) });
  if (next === "full") throw new Error("full");
  return JSON.stringify(next);
}

it("seals so that the database holds no text and no key, and opens it in any isolate", async () => {
  const sealed = await elsewhere().seal(person("a"), "email", "ada@example.org");
  expect(sealed).not.toContain("ada");
  expect(await elsewhere().seal(person("a"), "email", "ada@example.org")).not.toBe(sealed);
  expect(await elsewhere().open(person("a"), "email", sealed)).toBe("ada@example.org");
  expect(await elsewhere().open(person("b"), "email", sealed)).toBeNull();
  expect(await elsewhere().open({ account: "p0_a" }, "email", sealed)).toBeNull();
});

it("agrees on one key when a scope is first used in many isolates at once", async () => {
  const sealed = await Promise.all(
    Array.from({ length: 8 }, (_, i) => elsewhere().seal(person("race"), "name", `name ${i}`)),
  );
  const ring = elsewhere();
  const wanted = sealed.map((one) => ({ scope: person("race"), field: "name", sealed: one }));
  expect(await ring.openMany(wanted)).toEqual(sealed.map((_, i) => `name ${i}`));
});

it("opens a page of many people's fields, in order", async () => {
  const ring = elsewhere();
  const rows = await Promise.all(
    Array.from({ length: 100 }, async (_, i) => ({
      scope: person(`many${i}`),
      field: "name",
      sealed: await ring.seal(person(`many${i}`), "name", `name ${i}`),
    })),
  );
  const opened = await elsewhere().openMany([...rows, { ...rows[0], scope: person("x") } as never]);
  expect(opened).toEqual([...rows.map((_, i) => `name ${i}`), null]);
});

it("reads nothing of a person whose key was destroyed, and never makes them another", async () => {
  const [here, there] = [elsewhere(), elsewhere()];
  const sealed = await here.seal(person("gone"), "email", "ada@example.org");
  const pseudonym = await here.pseudonym("p0_gone", "a0_1");
  expect(await there.pseudonym("p0_gone", "a0_1")).toBe(pseudonym);
  await here.destroy(person("gone"));
  await here.destroy(person("never-seen"));
  expect(await here.open(person("gone"), "email", sealed)).toBeNull();
  await expect(here.seal(person("gone"), "email", "again")).rejects.toThrow("destroyed");
  await expect(here.pseudonym("p0_gone", "a0_1")).rejects.toThrow("destroyed");
  await expect(here.seal(person("never-seen"), "email", "x")).rejects.toThrow("destroyed");
  // An isolate that used the key before still has it for a few seconds and no longer.
  await expect
    .poll(() => there.open(person("gone"), "email", sealed), { interval: 250, timeout: 7_000 })
    .toBeNull();
  const row = await env.CATALOG_0.prepare(
    "SELECT * FROM data_key WHERE scope = 'person:p0_gone'",
  ).first();
  expect(row).toMatchObject({ wrapped: null, kek_id: null });
});

it("reads everything while root keys are rotated, and afterwards without the old one", async () => {
  const sealed = await elsewhere().seal(person("rot"), "email", "ada@example.org");
  const index = await elsewhere().blindIndex("email", "ada@example.org");
  const both = withNewKey(text, "n");
  const during = elsewhere(both);
  expect(await during.open(person("rot"), "email", sealed)).toBe("ada@example.org");
  let done = await during.rewrap();
  while (done.rewrapped > 0) done = await during.rewrap();
  expect(done).toMatchObject({ left: 0, lost: 0 });
  const { keys, ...ring } = JSON.parse(both) as { current: string; keys: Record<string, string> };
  const alone = elsewhere(
    JSON.stringify({ ...ring, keys: { [ring.current]: keys[ring.current] } }),
  );
  expect(await alone.open(person("rot"), "email", sealed)).toBe("ada@example.org");
  expect(await alone.blindIndex("email", "ada@example.org")).toBe(index);
  // The old ring opens nothing any more: what was rewrapped is under the new key only.
  await expect(elsewhere().open(person("rot"), "email", sealed)).rejects.toThrow("no root key");
  const [back] = [elsewhere(withNewKey(both, "o"))];
  expect((await back.rewrap()).rewrapped).toBeGreaterThan(0);
});

it("says how many keys a foreign ring cannot open, and changes none of them", async () => {
  await env.CATALOG_0.prepare("DELETE FROM data_key").run();
  await elsewhere().seal(person("foreign"), "email", "x");
  const ring = JSON.parse(text) as { current: string };
  const keys = { [ring.current.replace("t", "v")]: btoa("z".repeat(32)) };
  const foreign = elsewhere(JSON.stringify({ ...ring, current: Object.keys(keys)[0], keys }));
  expect(await foreign.rewrap()).toEqual({ rewrapped: 0, left: 0, lost: 1 });
  expect((await elsewhere().rewrap()).lost).toBe(0);
});

it("does not bring a key back that is destroyed while it is rewrapped", async () => {
  await env.CATALOG_0.prepare("DELETE FROM data_key").run();
  const sealed = await elsewhere().seal(person("late"), "email", "x");
  const during = elsewhere(withNewKey(text, "n"));
  await Promise.all([during.rewrap(), elsewhere().destroy(person("late"))]);
  expect(await during.open(person("late"), "email", sealed)).toBeNull();
});

it("encrypts nothing where there is no ring", async () => {
  for (const ring of [undefined, "", "{}", "null"])
    await expect(
      keyRing({
        CATALOG_0: env.CATALOG_0,
        ...(ring !== undefined && { WISHUB_KEY_RING: ring }),
      }).seal(person("none"), "email", "x"),
      String(ring),
    ).rejects.toThrow("WISHUB_KEY_RING");
});

it("seals texts of any length it says, and refuses longer ones", async () => {
  const ring = elsewhere();
  const long = "x".repeat(262_144);
  expect(await ring.open(person("l"), "key", await ring.seal(person("l"), "key", long))).toBe(long);
  await expect(ring.seal(person("l"), "key", `${long}x`)).rejects.toThrow("too long");
});
