import { env } from "cloudflare:workers";
import { expect, inject, it } from "vitest";
import { egress, type EgressRequest } from "#adapters/egress.ts";

const bindings: Env = env;
const outside = inject("outside");
const withAllowed = (allow: string) => egress({ ...bindings, WISHUB_EGRESS_ALLOW: allow });
const open = withAllowed(outside);
const text = async (path: string, request?: EgressRequest) => {
  const answer = await open(`${outside}${path}`, request);
  return answer.ok ? new TextDecoder().decode(answer.value.body) : answer.error.detail;
};
const timesAsked = async () => Number(await text("/asked"));

it("brings status, headers and body of an origin that the operator opened", async () => {
  const answer = await open(`${outside}/echo`, { method: "POST", body: "a body" });
  if (!answer.ok) throw new Error(answer.error.detail);
  expect(answer.value.status).toBe(201);
  expect(answer.value.headers.get("X-Method")).toBe("POST");
  expect(new TextDecoder().decode(answer.value.body)).toBe("a body");
  expect(await open(`${outside}/missing`)).toMatchObject({ ok: true, value: { status: 404 } });
});

it("reaches nothing private that the operator did not open, in whichever form it is written", async () => {
  const { port } = new URL(outside);
  const before = await timesAsked();
  const closed = withAllowed("");
  for (const host of [
    "127.0.0.1",
    "2130706433",
    "0x7f.1",
    "0177.1",
    "[::ffff:7f00:1]",
    "localhost",
  ])
    expect(await closed(`http://${host}:${port}/ok`), host).toMatchObject({
      ok: false,
      error: { code: "egress-refused" },
    });
  // A neighbour of an opened origin is not open: another port, another scheme, another name of the same machine.
  expect((await withAllowed("http://127.0.0.1:1")(`${outside}/ok`)).ok).toBe(false);
  expect((await open(`http://localhost:${port}/ok`)).ok).toBe(false);
  expect((await open(`https://127.0.0.1:${port}/ok`)).ok).toBe(false);
  expect(await timesAsked()).toBe(before);
});

it("connects to no private address that a name resolves to, whatever was thought of the name", async () => {
  const { port } = new URL(outside);
  const before = await timesAsked();
  // What a name that is rebound between look-up and connection comes to: the network itself is given the name.
  const network = bindings.EGRESS;
  if (network === undefined) throw new Error("the tests run with the network that npm start has");
  await expect(network.fetch(`http://localhost:${port}/ok`)).rejects.toThrow();
  expect(await timesAsked()).toBe(before);
});

it("follows no redirect, neither to its own origin nor inside", async () => {
  for (const path of ["/redirect", "/inside"]) {
    const before = await timesAsked();
    expect(await open(`${outside}${path}`)).toMatchObject({
      ok: false,
      error: { code: "egress-refused" },
    });
    expect(await timesAsked()).toBe(before + 1);
  }
});

it("reads 1 MB after decompression and not a byte more", async () => {
  expect((await text("/full"))?.length).toBe(2 ** 20);
  for (const path of ["/over", "/bomb", "/endless"])
    expect(await open(`${outside}${path}`), path).toEqual({
      ok: false,
      error: { code: "egress-failed", detail: "its answer is too long" },
    });
  expect((await open(`${outside}/ok`, { bytesMax: 4 })).ok).toBe(false);
});

it("waits once for all of it: for silence and for a byte at a time alike", async () => {
  for (const path of ["/silent", "/drip"])
    expect(await open(`${outside}${path}`, { timeoutMs: 200 }), path).toEqual({
      ok: false,
      error: { code: "egress-failed", detail: "it took too long" },
    });
});

it("says no more of a target that fails than that it does", async () => {
  const unreachable = { code: "egress-failed", detail: "it could not be reached" };
  expect(await open(`${outside}/cut`)).toEqual({ ok: false, error: unreachable });
  const nobody = "http://127.0.0.1:9";
  expect(await withAllowed(nobody)(nobody)).toEqual({ ok: false, error: unreachable });
});

it("reaches only the operator's origins where no network can tell where a name leads", async () => {
  const { EGRESS: _, ...rest } = bindings;
  const bare = egress({ ...rest, WISHUB_EGRESS_ALLOW: outside });
  expect((await bare(`${outside}/ok`)).ok).toBe(true);
  expect(await bare("https://example.com/")).toMatchObject({
    ok: false,
    error: { code: "egress-refused" },
  });
});

it("takes plain HTTP for what must be secure to the operator's origins only", async () => {
  expect((await open(`${outside}/ok`, { secure: true })).ok).toBe(true);
  expect(await open("http://example.com/", { secure: true })).toMatchObject({
    ok: false,
    error: { code: "egress-refused", detail: "it must start with https://" },
  });
});

it("opens nothing where the operator's list is not one of origins", async () => {
  expect((await withAllowed(`${outside}/path`)(`${outside}/ok`)).ok).toBe(false);
});
