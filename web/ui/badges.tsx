import type { Unit } from "#sdk/client.ts";
import { useMessages } from "#web/app/language.ts";
import { ui } from "#web/ui/messages.ts";

const BADGE =
  "inline-flex items-center gap-1 rounded-md px-1.5 py-0.5 text-xs font-medium tabular-nums";
export const TONES = {
  good: "bg-(--soft) text-kumo-link",
  plain: "bg-kumo-fill text-kumo-strong",
  busy: "bg-(--warm) text-kumo-warning",
  bad: "bg-(--rose) text-kumo-danger",
} as const;
export type Tone = keyof typeof TONES;

export function Badge({ tone, children }: { tone: Tone; children: React.ReactNode }) {
  return (
    <span className={`${BADGE} max-w-full ${TONES[tone]}`}>
      {/* What people call things may be one long word. */}
      {typeof children === "string" ? (
        <span className="min-w-0 wrap-break-word">{children}</span>
      ) : (
        children
      )}
    </span>
  );
}

/** Names and what they stand for, a badge each. */
export function Labels({ labels }: { labels: Readonly<Record<string, string>> }) {
  return Object.entries(labels).map(([name, text]) => (
    <Badge key={name} tone="plain">
      {name} {text}
    </Badge>
  ));
}

/** How far a unit was verified; what that means is said to those who hover or listen. */
export function LevelBadge({ level }: { level: Unit["level"] }) {
  const t = useMessages(ui);
  const isServed = !["L0", "L1"].includes(level);
  return (
    <span
      className={`${BADGE} whitespace-nowrap ${TONES[isServed ? "good" : "plain"]}`}
      title={t(`level${level}`)}
    >
      {level}
      <span className="sr-only"> {t(`level${level}`)}</span>
    </span>
  );
}

const STATUS_TONES: Record<Unit["status"], Tone> = {
  pending: "busy",
  verifying: "busy",
  searchable: "good",
  rejected: "bad",
  superseded: "plain",
  retracted: "plain",
};

export function StatusBadge({ status }: { status: Unit["status"] }) {
  const t = useMessages(ui);
  const tone = STATUS_TONES[status];
  return (
    <Badge tone={tone}>
      {tone === "busy" && (
        <span aria-hidden="true" className="breathe size-1.5 rounded-full bg-current" />
      )}
      {t(`status${status}`)}
    </Badge>
  );
}
