import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { record } from "./example-record.ts";
import type { LogRecord } from "./log.ts";
import { otlpLogs, otlpTraces } from "./otlp.ts";
import { readOtlpLogs, readOtlpTraces } from "./otlp-reader.ts";
import { boundedSpan, type Span, treeOf } from "./span.ts";
import {
  isSampledAtHead,
  parseTraceparent,
  sampleRateFrom,
  traceIdFrom,
  traceparentText,
} from "./traceparent.ts";

const hex = (length: number) =>
  fc
    .array(fc.constantFrom(..."0123456789abcdef"), { minLength: length, maxLength: length })
    .map((all) => all.join(""))
    .filter((id) => !/^0+$/.test(id));

describe("a traceparent", () => {
  it("is read back as it was written", () => {
    fc.assert(
      fc.property(hex(32), hex(16), fc.boolean(), (traceId, spanId, isSampled) => {
        const one = { traceId, spanId, isSampled };
        expect(parseTraceparent(traceparentText(one))).toEqual(one);
      }),
    );
  });

  it("is nothing where it is no version 00, holds zeros, capitals or more", () => {
    const [trace, span] = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"];
    for (const text of [
      null,
      "",
      `01-${trace}-${span}-01`,
      `00-${"0".repeat(32)}-${span}-01`,
      `00-${trace}-${"0".repeat(16)}-01`,
      `00-${trace.toUpperCase()}-${span}-01`,
      `00-${trace}-${span}-01-more`,
      `00-${trace}-${span}-1`,
    ])
      expect(parseTraceparent(text), String(text)).toBeNull();
    expect(parseTraceparent(`00-${trace}-${span}-03`)?.isSampled).toBe(true);
    expect(parseTraceparent(`00-${trace}-${span}-02`)?.isSampled).toBe(false);
  });

  it("is sampled at about its rate, and always the same", () => {
    let seed = 1;
    const next = () => (seed = (seed * 48_271) % 2_147_483_647);
    const word = () => next().toString(16).padStart(8, "0");
    const ids = Array.from({ length: 20_000 }, () => word() + word() + word() + word());
    const share = ids.filter((id) => isSampledAtHead(id, 0.1)).length / ids.length;
    expect(share).toBeGreaterThan(0.08);
    expect(share).toBeLessThan(0.12);
    expect(ids.every((id) => isSampledAtHead(id, 1))).toBe(true);
    expect(ids.some((id) => isSampledAtHead(id, 0))).toBe(false);
  });

  it("has a rate that makes sense, or the default", () => {
    expect(["0", "1", "0.25"].map(sampleRateFrom)).toEqual([0, 1, 0.25]);
    for (const text of [undefined, "", "2", "-1", "much"]) expect(sampleRateFrom(text)).toBe(0.01);
  });

  it("is asked for by the id of a request too", () => {
    expect(traceIdFrom("4BF92F35-77b3-4da6-a3ce-929d0e0e4736")).toBe(
      "4bf92f3577b34da6a3ce929d0e0e4736",
    );
    expect(traceIdFrom("0".repeat(32))).toBeNull();
    expect(traceIdFrom("4bf9")).toBeNull();
  });
});

const spanOf = (
  spanId: string,
  parentId: string | null,
  startMs: number,
  endMs = startMs,
): Span => ({
  traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
  spanId,
  parentId,
  name: spanId,
  kind: "internal",
  service: "http",
  startMs,
  endMs,
  isError: false,
  attributes: {},
});

describe("the tree of a trace", () => {
  it("has each span directly after its parent and elder siblings", () => {
    const tree = treeOf([
      spanOf("late", "root", 5),
      spanOf("leaf", "early", 3),
      spanOf("early", "root", 2),
      spanOf("root", "the caller's", 1, 9),
    ]);
    expect(tree.map(({ name, depth }) => [name, depth])).toEqual([
      ["root", 0],
      ["early", 1],
      ["leaf", 2],
      ["late", 1],
    ]);
  });

  it("loses no span and repeats none, whatever points to whatever", () => {
    const id = fc.constantFrom("a", "b", "c", "d", "e");
    const span = fc.record({ id, parent: fc.option(id), at: fc.nat(9) });
    fc.assert(
      fc.property(fc.uniqueArray(span, { selector: (one) => one.id }), (all) => {
        const tree = treeOf(all.map(({ id: own, parent, at }) => spanOf(own, parent, at)));
        expect(tree.map(({ name }) => name).toSorted()).toEqual(
          all.map((one) => one.id).toSorted(),
        );
      }),
    );
  });

  it("holds bounded spans", () => {
    const attributes = Object.fromEntries(
      Array.from({ length: 50 }, (_, i) => [`n${i}`, "x".repeat(5_000)]),
    );
    const small = boundedSpan({ ...spanOf("a", null, 1), name: "y".repeat(5_000), attributes });
    expect(JSON.stringify(small).length).toBeLessThan(4_000);
  });
});

describe("OTLP", () => {
  const at = Date.UTC(2026, 10, 22);
  it("takes what is exported of spans, to the letter", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            spanId: hex(16),
            parentId: fc.option(hex(16)),
            ms: fc.nat(10_000),
            kind: fc.constantFrom("server", "client", "internal", "producer", "consumer"),
            isError: fc.boolean(),
            value: fc.oneof(
              fc.string({ unit: "binary" }),
              fc.integer(),
              fc.maxSafeInteger(),
              fc.double(),
              fc.boolean(),
            ),
          }),
        ),
        (all) => {
          const spans = all.map(({ ms, kind, value, ...one }) => ({
            ...spanOf(one.spanId, one.parentId, at, at + ms),
            ...one,
            kind: kind as Span["kind"],
            attributes: { value },
          }));
          const text = JSON.stringify(otlpTraces(spans, "an-isolate"));
          expect(readOtlpTraces(text)).toHaveLength(spans.length);
        },
      ),
    );
    const whole = otlpTraces([spanOf("00f067aa0ba902b7", null, at, at + 12)], "an-isolate");
    expect(whole).toMatchObject({
      resourceSpans: [
        {
          resource: {
            attributes: expect.arrayContaining([
              { key: "service.name", value: { stringValue: "http" } },
            ]) as unknown,
          },
          scopeSpans: [{ spans: [{ kind: 1, endTimeUnixNano: `${at + 12}000000` }] }],
        },
      ],
    });
  });

  it("takes what is exported of lines, whatever their data, to the letter", () => {
    const text = JSON.stringify(otlpLogs([record(), record({ traceId: null, spanId: null })], "x"));
    const [first, second] = readOtlpLogs(text);
    expect(first).toMatchObject({
      severityNumber: 13,
      severityText: "WARN",
      body: { stringValue: "queue-send-failed" },
      timeUnixNano: `${Date.parse(record().timestamp)}000000`,
    });
    expect(second).not.toHaveProperty("traceId");
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            level: fc.constantFrom("debug", "info", "warn", "error", "fatal"),
            data: fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()),
          }),
          { maxLength: 5 },
        ),
        (all) => {
          const lines = all.map((one) =>
            record({ ...one, level: one.level as LogRecord["level"] }),
          );
          expect(readOtlpLogs(JSON.stringify(otlpLogs(lines, "x")))).toHaveLength(lines.length);
        },
      ),
    );
  });

  it("has a reader that refuses what a collector would", () => {
    const good = JSON.stringify(otlpTraces([spanOf("00f067aa0ba902b7", null, at, at + 12)], "x"));
    expect(readOtlpTraces(good)).toHaveLength(1);
    for (const [was, is] of [
      ['"00f067aa0ba902b7"', '"00F067AA0BA902B7"'],
      ['"00f067aa0ba902b7"', '"00f067aa0ba902"'],
      ['"00f067aa0ba902b7"', '"0000000000000000"'],
      ['"4bf92f3577b34da6a3ce929d0e0e4736"', '"4bf92f3577b34da6a3ce929d0e0e47"'],
      [`"${at}000000"`, `${at}000000`],
      [`"${at + 12}000000"`, `"${at - 1}000000"`],
      ['"kind":1', '"kind":"SPAN_KIND_INTERNAL"'],
      ['"kind":1', '"kind":6'],
      ['"status":{}', '"status":{"code":"STATUS_CODE_OK"}'],
      ['"status":{}', '"status":{"code":3}'],
      ['"status":{}', '"state":{}'],
      ['"service.name"', '""'],
      ['{"stringValue":"http"}', '"http"'],
      ['{"stringValue":"http"}', '{"stringValue":"\\ud800"}'],
      ['{"stringValue":"http"}', '{"intValue":"9223372036854775808"}'],
      ['{"stringValue":"http"}', '{"stringValue":"http","boolValue":true}'],
    ] as const) {
      expect(good, was).toContain(was);
      expect(() => readOtlpTraces(good.replace(was, is)), is).toThrow();
    }
  });
});
