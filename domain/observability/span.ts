import { LIMITS } from "#domain/shared/limits.ts";

/** OpenTelemetry's kinds that occur here. */
export const SPAN_KINDS = ["internal", "server", "client", "producer", "consumer"] as const;
export type SpanKind = (typeof SPAN_KINDS)[number];
/** Names, codes and numbers: never contents, secrets or what is said of a person. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** One timed piece of work of a trace, as it is kept: JSON. */
export type Span = {
  traceId: string;
  spanId: string;
  /** Of the span that caused it, of ours or of the caller's; null where it began here. */
  parentId: string | null;
  name: string;
  kind: SpanKind;
  /** Which part of the product did it: `http`, an object's class, a queue's consumer. */
  service: string;
  startMs: number;
  endMs: number;
  isError: boolean;
  attributes: Attributes;
};

/** A span in the tree of its trace. `depth` counts from 0; spans come with each directly after its parent and elder siblings. */
export type Placed = Span & { depth: number };

/**
 * The spans of one trace as a tree in preorder, siblings by their beginning. Whose parent is not among them begins a tree
 * of its own, and so does one of a circle: what callers send may hold anything.
 */
export function treeOf(spans: readonly Span[]): Placed[] {
  const ordered = spans.toSorted((a, b) => a.startMs - b.startMs || b.endMs - a.endMs);
  const byId = new Map(ordered.map((span) => [span.spanId, span]));
  const children = Map.groupBy(ordered, ({ parentId }) => parentId);
  const placed: Placed[] = [];
  const seen = new Set<string>();
  const walk = (root: Span): void => {
    const waiting = [{ span: root, depth: 0 }];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { span, depth } = next;
      if (seen.has(span.spanId)) continue;
      seen.add(span.spanId);
      placed.push({ ...span, depth });
      for (const child of (children.get(span.spanId) ?? []).toReversed())
        waiting.push({ span: child, depth: depth + 1 });
    }
  };
  for (const span of ordered) if (span.parentId === null || !byId.has(span.parentId)) walk(span);
  for (const span of ordered) walk(span);
  return placed;
}

/** What a trace is listed by. */
export type TraceSummary = {
  traceId: string;
  /** Of its earliest span without a parent of ours. */
  name: string;
  startMs: number;
  endMs: number;
  isError: boolean;
  spans: number;
};

/** A span cut to its bounds: long texts, and attributes beyond what anybody reads. */
export function boundedSpan(span: Span): Span {
  const attributes = Object.entries(span.attributes)
    .slice(0, LIMITS.spanAttributesMax)
    .map(([name, value]) => [name, typeof value === "string" ? short(value) : value] as const);
  return { ...span, name: short(span.name), attributes: Object.fromEntries(attributes) };
}

const short = (text: string): string => text.slice(0, LIMITS.spanTextCharsMax).toWellFormed();
