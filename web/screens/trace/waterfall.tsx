import type { KeyboardEvent } from "react";
import type { Operations } from "#sdk/types.ts";
import { useMessages } from "#web/app/language.ts";
import { traceWords } from "#web/screens/traces/messages.ts";
import { useFormat } from "#web/ui/format.ts";
import { LongList } from "#web/ui/list.tsx";

export type Trace = Operations["GET /v1/traces/{traceId}"]["answer"];
type Span = Trace["spans"][number];

const ROW_PX = 46;
/** Deeper spans stand no further in: their names would have no room. */
const DEPTH_SHOWN = 12;
const INDENT_REM = 0.8;
const TICKS = [0, 0.25, 0.5, 0.75, 1];

/** Each span below the one that caused it, drawn from when it began to when it ended. The arrows walk through them. */
export function Waterfall({ trace: { spans, durationMs } }: { trace: Trace }) {
  const t = useMessages(traceWords);
  const format = useFormat();
  return (
    <div className="waterfall" onKeyDown={walk}>
      <div
        aria-hidden="true"
        className="mb-1 flex justify-between ps-[calc(45%+1rem)] pe-4 text-xs text-kumo-subtle tabular-nums max-sm:hidden"
      >
        {TICKS.map((share) => (
          <span key={share}>{format.number(Math.round(durationMs * share))} ms</span>
        ))}
      </div>
      <LongList
        items={spans}
        keyOf={({ spanId }) => spanId}
        rowHeight={ROW_PX}
        row={(span) => <SpanRow span={span} wholeMs={durationMs} />}
        label={t("waterfall")}
      />
    </div>
  );
}

type RowProps = { span: Span; wholeMs: number };

function SpanRow({ span, wholeMs }: RowProps) {
  const t = useMessages(traceWords);
  const format = useFormat();
  const { name, depth, durationMs, offsetMs, error, service } = span;
  const share = (ms: number) => (wholeMs === 0 ? 0 : (ms / wholeMs) * 100);
  return (
    <details className="span group">
      <summary className="grid cursor-pointer list-none grid-cols-[minmax(0,45%)_minmax(0,1fr)_5rem] items-center gap-x-3 max-sm:grid-cols-[minmax(0,1fr)_5rem]">
        <span
          className="min-w-0"
          style={{ paddingInlineStart: `${Math.min(depth, DEPTH_SHOWN) * INDENT_REM}rem` }}
        >
          <span className="block truncate font-mono text-xs group-hover:text-kumo-link">
            {name}
          </span>
          <span className="block truncate text-xs text-kumo-subtle">{service}</span>
        </span>
        <span
          aria-hidden="true"
          className="relative block h-3 rounded bg-kumo-fill max-sm:order-last max-sm:col-span-2"
        >
          <span
            className={`absolute inset-y-0 min-w-0.5 rounded ${error ? "bg-(--text-color-kumo-danger)" : "bg-kumo-brand"}`}
            style={{
              insetInlineStart: `min(${share(offsetMs)}%, calc(100% - 2px))`,
              inlineSize: `${share(durationMs)}%`,
            }}
          />
        </span>
        <span className={`text-end text-xs tabular-nums ${error ? "text-kumo-danger" : ""}`}>
          {format.number(Math.round(durationMs * 10) / 10)} ms
          {error && <span className="block">{t("failed")}</span>}
        </span>
      </summary>
      <SpanFacts span={span} />
    </details>
  );
}

function SpanFacts({ span }: { span: Span }) {
  const t = useMessages(traceWords);
  const format = useFormat();
  const rows: [string, string][] = [
    [t("service"), span.service],
    [t("kind"), span.kind],
    [t("started"), t("after", { ms: `${format.number(Math.round(span.offsetMs * 10) / 10)} ms` })],
    [t("id"), span.spanId],
    ...Object.entries(span.attributes).map(([name, value]): [string, string] => [
      name,
      String(value),
    ]),
  ];
  return (
    <dl className="mt-2 mb-1 grid grid-cols-[14rem_minmax(0,1fr)] gap-x-4 gap-y-1 rounded-lg bg-kumo-recessed p-3 text-xs max-sm:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
      {rows.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-kumo-subtle">{name}</dt>
          <dd className="font-mono">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function walk(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const stops = [...event.currentTarget.querySelectorAll<HTMLElement>(".span > summary")];
  const at = stops.findIndex((each) => each === event.target);
  const next = stops[at + (event.key === "ArrowDown" ? 1 : -1)];
  if (at < 0 || next === undefined) return;
  event.preventDefault();
  next.focus();
}
