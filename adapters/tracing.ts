import { AsyncLocalStorage } from "node:async_hooks";
import {
  type Attributes,
  boundedSpan,
  type Span,
  type SpanKind,
} from "#domain/observability/span.ts";
import {
  isSampledAtHead,
  type OpenSpan,
  parseTraceparent,
  type TraceParent,
  traceparentText,
} from "#domain/observability/traceparent.ts";
import { LIMITS } from "#domain/shared/limits.ts";

/** What all spans of one piece of work in one isolate share. */
type Work = {
  /** Whose trace it is, once that is known; nobody's belongs to whoever runs the product. */
  accountId: string | null;
  service: string;
  /** Spans that have ended; null once they were handed over, after which each goes by itself. */
  ended: Span[] | null;
  /** How many have ended. */
  count: number;
  /** Work that others' traces are part of too: what it hands on is not only this one's. */
  isShared?: true;
  /** Recorded only because its caller asked for it. */
  isAsked?: true;
  /** Of work that is shared: where each thing's own trace stands, by what it is known by. */
  places?: ReadonlyMap<string, string>;
};

/** Where the running code stands: the span it is part of. */
export type Trace = TraceParent & { readonly parentId: string | null; readonly work: Work };

/** How the trace goes on beyond this isolate, in a message or a call: what is recorded there belongs to the same account. */
export type TraceLink = { traceparent: string; accountId: string | null };

/** Takes what has ended, for one account. */
export type SpanSink = (accountId: string | null, spans: readonly Span[]) => void;

const current = new AsyncLocalStorage<Trace>();
let sink: SpanSink = () => {};

/** Where ended spans go; set once (adapters/observing.ts). */
export function sendSpansTo(target: SpanSink): void {
  sink = target;
}

/** The span that the running code is part of; undefined outside any. */
export const currentTrace = (): Trace | undefined => current.getStore();

/** The same where it is recorded: everything else costs nothing. */
export function sampledTrace(): Trace | undefined {
  const trace = current.getStore();
  return trace?.isSampled === true ? trace : undefined;
}

/** What is carried along with a message or call; undefined where nothing is recorded. */
export function traceLink(): TraceLink | undefined {
  const trace = sampledTrace();
  return trace && { traceparent: traceparentText(trace), accountId: trace.work.accountId };
}

/** The same where all that is handed on from here is this trace's. */
export const ownLink = (): TraceLink | undefined =>
  sampledTrace()?.work.isShared === true ? undefined : traceLink();

/** What events of a thing say that is worked on here: its own trace's, and nobody else's. */
export const traceparentOf = (thing: string): string | undefined =>
  sampledTrace()?.work.places?.get(thing);

/** What whoever is called outside is told, recorded or not. */
export function currentTraceparent(): string | undefined {
  const trace = current.getStore();
  return trace && traceparentText(trace);
}

const hexes = new Uint8Array(8);
export function newSpanId(): string {
  crypto.getRandomValues(hexes);
  let id = "";
  for (const byte of hexes) id += byte.toString(16).padStart(2, "0");
  return id === "0000000000000000" ? newSpanId() : id;
}

/** Callers who want their trace kept are believed this often in a second and isolate; beyond it the rate alone decides. */
const asked = perSecond(LIMITS.tracesAskedPerSecond);

/** What a caller's header, or none, makes of a request; one that another request performs is part of that. `traceId`: of our own, at random. */
export function begun(
  header: string | null,
  traceId: string,
  rate: number,
  service: string,
): Trace {
  const outer = current.getStore();
  if (outer !== undefined) return childOf(outer);
  const theirs = parseTraceparent(header);
  const work: Work = { accountId: null, service, ended: [], count: 0 };
  // Half of an id that was drawn for this request is one that no other span has: nothing is drawn for what nobody records.
  const spanId = traceId.slice(16);
  if (theirs === null)
    return { traceId, spanId, parentId: null, isSampled: isSampledAtHead(traceId, rate), work };
  // By an id of ours: theirs they choose.
  const isOurs = theirs.isSampled && isSampledAtHead(traceId, rate);
  const isSampled = isOurs || (theirs.isSampled && asked(Date.now()));
  if (isSampled && !isOurs) work.isAsked = true;
  return { traceId: theirs.traceId, spanId, parentId: theirs.spanId, isSampled, work };
}

/** The same of what comes by a link: that it is recorded was decided where it began. */
export function continued(link: TraceLink, service: string): Trace | null {
  const theirs = parseTraceparent(link.traceparent);
  if (theirs === null) return null;
  const work: Work = { accountId: link.accountId, service, ended: [], count: 0 };
  return { ...theirs, spanId: newSpanId(), parentId: theirs.spanId, work };
}

/** A span below another. */
export const childOf = (trace: Trace): Trace => ({
  ...trace,
  spanId: newSpanId(),
  parentId: trace.spanId,
});

/** Runs work as part of a span. */
export const within = <T>(trace: Trace, work: () => T): T => current.run(trace, work);

/** Runs what must not be seen by itself: a trace of how traces are kept would never end. */
export const untraced = <T>(work: () => T): T => current.exit(work);

/** Keeps what has ended of a span, once; its beginning and end in ms since 1970. */
export function ended(trace: Trace, span: Timed): void {
  const { traceId, spanId, parentId, work } = trace;
  if (work.count++ >= LIMITS.spansPerWorkMax) return;
  const whole = boundedSpan({ traceId, spanId, parentId, service: work.service, ...span });
  if (work.ended === null) sink(work.accountId, [whole]);
  else work.ended.push(whole);
}

/** Hands over all that has ended; what ends later goes by itself. Nobody who is not known has anything recorded by asking. */
export function handOver({ work }: Trace): void {
  const spans = work.ended;
  work.ended = null;
  if (work.isAsked === true && work.accountId === null) {
    work.count = LIMITS.spansPerWorkMax;
    return;
  }
  if (spans !== null && spans.length > 0) sink(work.accountId, spans);
}

/** Times work as a span of the trace it is part of, where that is recorded. `isWrong`: what it comes to without throwing. */
export function spanned<T>(
  name: string,
  kind: SpanKind,
  attributes: Attributes,
  work: () => Promise<T>,
  isWrong?: (value: T) => boolean,
): Promise<T> {
  const outer = sampledTrace();
  if (outer === undefined) return work();
  return timed(childOf(outer), name, kind, attributes, work, isWrong);
}

/** The same of a span that is known already. The promise is the work's own: what it holds beside its value stays. */
export function timed<P extends PromiseLike<unknown>>(
  trace: Trace,
  name: string,
  kind: SpanKind,
  attributes: Attributes,
  work: () => P,
  isWrong: (value: Awaited<P>) => boolean = () => false,
): P {
  const startMs = Date.now();
  const end = (isError: boolean) =>
    ended(trace, { name, kind, startMs, endMs: Date.now(), isError, attributes });
  let promise: P;
  try {
    promise = within(trace, work);
  } catch (thrown) {
    end(true);
    throw thrown;
  }
  promise.then(
    (value) => end(isWrong(value as Awaited<P>)),
    () => end(true),
  );
  return promise;
}

/** Work that goes on with the trace that a link names, as a span of it where that is recorded. */
export async function goneOn<T>(
  link: TraceLink | undefined,
  { name, service, kind }: Pick<Span, "name" | "service" | "kind">,
  work: () => Promise<T>,
): Promise<T> {
  const trace = link === undefined ? null : continued(link, service);
  if (trace === null) return await work();
  // Nothing of its own stands in between.
  if (!trace.isSampled)
    return await within({ ...trace, spanId: trace.parentId ?? trace.spanId }, work);
  try {
    return await timed(trace, name, kind, {}, work);
  } finally {
    handOver(trace);
  }
}

type Timed = Pick<Span, "name" | "kind" | "startMs" | "endMs" | "isError" | "attributes">;

/** Keeps a span of work that was no call, now that it is over: whoever knew of it before may have told others its id. */
export function recorded(
  { accountId, service, ...place }: OpenSpan & { accountId: string; service: string },
  span: Timed,
): void {
  ended({ ...place, work: { accountId, service, ended: null, count: 0 } }, span);
}

/** What whoever was called says that it took: a span of theirs that ends now, below the one in which they were called. */
export function toldBy(service: string, name: string, ms: number): void {
  const trace = sampledTrace();
  if (trace === undefined) return;
  const { traceId, spanId: parentId, isSampled, work } = trace;
  const endMs = Date.now();
  const span = { name, kind: "server", startMs: endMs - ms, endMs, isError: false } as const;
  const theirs = { accountId: work.accountId, service, ended: null, count: 0 };
  const place = { traceId, spanId: newSpanId(), parentId, isSampled, work: theirs };
  ended(place, { ...span, attributes: {} });
}

/** One of several that work is done for together: its trace, where it brings one, and by what it is known. */
export type Linked = { link: TraceLink | undefined; thing?: string | undefined };

/** Traces of one batch that are told of it. */
const LINKS_MAX = 16;

/**
 * Work on things of several callers at once, each of which may bring its trace: a span in each of these, and what is
 * recorded inside lies in the first.
 */
export async function sharedBy<T>(
  all: readonly Linked[],
  name: string,
  service: string,
  work: () => Promise<T>,
): Promise<T> {
  const known = new Map<string, Trace>();
  const places = new Map<string, string>();
  for (const { link, thing } of all) {
    const trace = link === undefined ? null : continued(link, service);
    if (trace === null) continue;
    const first = known.get(trace.traceId) ?? trace;
    if (!known.has(trace.traceId) && known.size >= LINKS_MAX) continue;
    known.set(trace.traceId, first);
    if (thing !== undefined) places.set(thing, traceparentText(first));
  }
  const [first, ...others] = known.values();
  if (first === undefined) return await work();
  if (others.length > 0 || all.some(({ link }) => link === undefined)) first.work.isShared = true;
  first.work.places = places;
  const startMs = Date.now();
  try {
    return await timed(first, name, "consumer", { items: all.length }, work);
  } finally {
    const attributes = { items: all.length };
    const span = { name, kind: "consumer", startMs, endMs: Date.now(), isError: false } as const;
    for (const other of others) ended(other, { ...span, attributes });
    for (const trace of known.values()) handOver(trace);
  }
}

/** At most so many in a second; what is over is refused. */
export function perSecond(max: number): (nowMs: number) => boolean {
  let second = 0;
  let count = 0;
  return (nowMs) => {
    const now = Math.floor(nowMs / 1_000);
    if (now !== second) {
      second = now;
      count = 0;
    }
    return ++count <= max;
  };
}
