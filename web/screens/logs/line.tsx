import { Link } from "@tanstack/react-router";
import type { Operations } from "#sdk/types.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { logWords } from "#web/screens/logs/messages.ts";
import { Badge, type Tone } from "#web/ui/badges.tsx";
import { useFormat } from "#web/ui/format.ts";
import { LongList } from "#web/ui/list.tsx";

export type Line = Operations["GET /v1/logs"]["answer"]["items"][number];

const TONES: Record<Line["level"], Tone> = {
  debug: "plain",
  info: "plain",
  warn: "busy",
  error: "bad",
  fatal: "bad",
};
const ROW_PX = 44;

/** Lines have no id: each is known by what it says, and by which of the same it is. */
function keyed(lines: readonly Line[]): { key: string; line: Line }[] {
  const seen = new Map<string, number>();
  return lines.map((line) => {
    const text = JSON.stringify(line);
    const before = seen.get(text) ?? 0;
    seen.set(text, before + 1);
    return { key: `${before} ${text}`, line };
  });
}

type Props = { lines: readonly Line[]; label: string; more?: (() => void) | undefined };

/** Lines of the log, each with what is said beside it when it is opened. */
export function LogLines({ lines, label, more }: Props) {
  return (
    <LongList
      items={keyed(lines)}
      keyOf={({ key }) => key}
      rowHeight={ROW_PX}
      row={({ line }) => <LogLine line={line} />}
      more={more}
      label={label}
    />
  );
}

const shortOf = (data: Line["data"]): string =>
  Object.entries(data)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join("  ");

function LogLine({ line }: { line: Line }) {
  const t = useMessages(logWords);
  const format = useFormat();
  const { may } = usePermissions();
  const { timestamp, level, service, message, data, traceId: id } = line;
  return (
    <details className="line">
      <summary className="flex cursor-pointer list-none items-baseline gap-3 hover:text-kumo-link max-sm:flex-wrap">
        <time
          dateTime={timestamp}
          className="flex-none font-mono text-xs text-kumo-subtle tabular-nums"
        >
          {format.time(timestamp)}
        </time>
        <Badge tone={TONES[level]}>{t(`level${level}`)}</Badge>
        <span className="flex-none text-kumo-subtle">{service}</span>
        <span className="flex-none font-medium">{message}</span>
        <span className="min-w-0 truncate font-mono text-xs text-kumo-subtle" dir="auto">
          {shortOf(data)}
        </span>
      </summary>
      <div className="mt-2 mb-1 rounded-lg bg-kumo-recessed p-3 text-xs">
        <pre className="font-mono whitespace-pre-wrap" dir="auto">
          {JSON.stringify(data, null, 2)}
        </pre>
        {id !== null && may("trace.read") && (
          <Link to="/trace/$id" params={{ id }} className="link mt-2 inline-block">
            {t("toTrace")}
          </Link>
        )}
      </div>
    </details>
  );
}
