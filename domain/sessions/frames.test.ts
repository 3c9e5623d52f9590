import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerText, parseFrames, together } from "#domain/sessions/frames.ts";
import { LIMITS } from "#domain/shared/limits.ts";

const request = { type: "request", id: "1", method: "GET", path: "/v1/units" };
const parsed = (value: unknown) => parseFrames(JSON.stringify(value));

describe("what a client sends", () => {
  it("is one frame or several, each by itself", () => {
    expect(parsed(request)).toEqual({ ok: true, value: [{ ok: true, value: request }] });
    const both = parsed([request, { type: "echo", id: "2", body: { deep: [1] } }]);
    expect(both.ok && both.value.map((one) => one.ok)).toEqual([true, true]);
  });

  it("is refused frame by frame, with the id and the place of what is wrong", () => {
    const wrong: [object, string][] = [
      [{ ...request, method: "TRACE" }, "/method"],
      [{ ...request, path: "https://elsewhere.example/" }, "/path"],
      [{ ...request, path: "/oauth/token" }, "/path"],
      [{ ...request, headers: { authorization: "Bearer x" } }, "/headers/authorization"],
      [{ ...request, more: 1 }, "/more"],
      [{ ...request, type: "wish" }, "/type"],
      [{ type: "seen", id: "1", frames: -1 }, "/frames"],
    ];
    const all = parsed([...wrong.map(([one]) => one), request]);
    if (!all.ok) throw new Error("one bad frame spoils no others");
    for (const [i, [, pointer]] of wrong.entries()) {
      const one = all.value[i];
      if (one === undefined || one.ok) throw new Error(`${pointer} was taken`);
      expect(one.error.id).toBe("1");
      expect(one.error.problem.errors?.map((error) => error.pointer)).toContain(pointer);
    }
    expect(all.value.at(-1)?.ok).toBe(true);
  });

  it("holds no text that no store can carry", () => {
    const [one] = parsedOk({ ...request, body: { note: "\u0000" } });
    expect(one).toMatchObject({ ok: false, error: { id: "1" } });
  });

  it("ends the session where it is no frame at all", () => {
    const many = Array.from({ length: LIMITS.sessionBatchMax + 1 }, () => request);
    for (const message of ["", "{", "[]", "1", '"x"', "[1]", "null", JSON.stringify(many)])
      expect(parseFrames(message), message.slice(0, 20)).toMatchObject({ ok: false });
    expect(parseFrames(`"${"x".repeat(LIMITS.frameCharsMax)}"`).ok).toBe(false);
    expect(parseFrames("[".repeat(5_000_000)).ok).toBe(false);
  });

  it("never throws, whatever it is", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (message) => {
        parseFrames(message);
      }),
    );
  });
});

describe("what a client is sent", () => {
  it("is JSON with the body as it was, one frame or an array of them", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { minLength: 1, maxLength: 3 }), (bodies) => {
        const texts = bodies.map((body, i) =>
          answerText({ id: `${i}`, status: 200, headers: {}, body: JSON.stringify(body) }),
        );
        const read: unknown = JSON.parse(together(texts));
        const frames = bodies.map((body, i) => ({
          type: "answer",
          id: `${i}`,
          status: 200,
          headers: {},
          body: JSON.parse(JSON.stringify(body)) as unknown,
        }));
        expect(read).toEqual(frames.length === 1 ? frames[0] : frames);
      }),
    );
    const none = answerText({ id: null, status: 204, headers: {}, body: null });
    expect(JSON.parse(none)).toEqual({ type: "answer", id: null, status: 204, headers: {} });
  });
});

function parsedOk(value: unknown) {
  const all = parsed(value);
  if (!all.ok) throw new Error(JSON.stringify(all.error));
  return all.value;
}
