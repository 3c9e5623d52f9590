import { CheckCircleIcon, InfoIcon, XCircleIcon } from "@phosphor-icons/react";

/** What was checked, and how it came out; `unknown` speaks neither for it nor against it. */
export type Check = { says: string; found: "proven" | "broken" | "unknown" };

const SIGNS = {
  proven: { Icon: CheckCircleIcon, tone: "text-kumo-success" },
  broken: { Icon: XCircleIcon, tone: "text-kumo-danger" },
  unknown: { Icon: InfoIcon, tone: "text-kumo-subtle" },
} as const;

export function CheckList({ checks }: { checks: readonly Check[] }) {
  return (
    <ul className="grid gap-1.5">
      {checks.map(({ says, found }) => {
        const { Icon, tone } = SIGNS[found];
        return (
          <li key={says} className="flex gap-2">
            <Icon
              size={18}
              weight="fill"
              className={`mt-0.5 flex-none ${tone}`}
              aria-hidden="true"
            />
            <span>{says}</span>
          </li>
        );
      })}
    </ul>
  );
}

/** A hash in full, at the width that is there. */
export function Hash({ hex }: { hex: string }) {
  return <code className="min-w-0 font-mono text-xs break-all">{hex}</code>;
}
