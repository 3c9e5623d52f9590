/** Where a piece of work stands in a trace (W3C Trace Context, level 1). Ids are lower-case hex: 32 and 16 characters. */
export type TraceParent = { traceId: string; spanId: string; isSampled: boolean };

const SHAPE = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

/** What a header or a stored text says; null for anything that is no version 00 of it. */
export function parseTraceparent(text: string | null | undefined): TraceParent | null {
  const [, traceId, spanId, flags] = SHAPE.exec(text ?? "") ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return null;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export const traceparentText = ({ traceId, spanId, isSampled }: TraceParent): string =>
  `00-${traceId}-${spanId}-${isSampled ? "01" : "00"}`;

/** A piece of work that outlasts the call that began it, as it is kept: its own place, and the span that caused it. */
export type OpenSpan = TraceParent & { parentId: string };

/** Work with this span of its own, caused by what a traceparent names; null where that is none or is not recorded. */
export function openSpan(cause: string, spanId: string): OpenSpan | null {
  const parent = parseTraceparent(cause);
  return parent?.isSampled === true ? { ...parent, spanId, parentId: parent.spanId } : null;
}

/** As a row keeps it: 72 characters. */
export const openSpanText = (span: OpenSpan): string => `${traceparentText(span)} ${span.parentId}`;

export function openSpanFrom(text: string | null): OpenSpan | null {
  const [traceparent, parentId] = (text ?? "").split(" ");
  const own = parseTraceparent(traceparent);
  return own === null || parentId === undefined ? null : { ...own, parentId };
}

/** The id of the span of one attempt at such work: known from its number alone, so that it need not be kept. */
export function attemptSpanId({ spanId }: Pick<OpenSpan, "spanId">, attempt: number): string {
  const id = BigInt.asUintN(64, BigInt(`0x${spanId}`) + BigInt(attempt));
  return (id === 0n ? 1n : id).toString(16).padStart(16, "0");
}

/** The same place of which nothing is recorded from here on. */
export const unsampledText = (traceparent: string): string => `${traceparent.slice(0, -2)}00`;

/** The id of a trace as callers write it, with the dashes of a request id or without; null where it can be none. */
export function traceIdFrom(text: string): string | null {
  const id = text.replaceAll("-", "").toLowerCase();
  return /^(?!0{32})[0-9a-f]{32}$/.test(id) ? id : null;
}

/** What part of all traces is kept where nothing else is said. */
export const SAMPLE_RATE_DEFAULT = 0.01;

/** A rate from a variable; the default where it is none from 0 to 1. */
export function sampleRateFrom(text: string | undefined): number {
  const rate = text === undefined || text === "" ? Number.NaN : Number(text);
  return rate >= 0 && rate <= 1 ? rate : SAMPLE_RATE_DEFAULT;
}

/** Decided by the last 48 bits of an id that was made at random here, not by whoever asks. */
export const isSampledAtHead = (traceId: string, rate: number): boolean =>
  Number.parseInt(traceId.slice(-12), 16) < rate * 2 ** 48;
