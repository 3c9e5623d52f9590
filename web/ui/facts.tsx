import type { ReactNode } from "react";

/** Names and what they stand for, in two columns. */
export function Facts({
  rows,
  className = "",
}: {
  rows: readonly (readonly [string, ReactNode])[];
  className?: string;
}) {
  return (
    <dl className={`grid grid-cols-[auto_minmax(0,1fr)] gap-x-8 gap-y-2 ${className}`}>
      {rows.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-kumo-subtle">{name}</dt>
          <dd className="min-w-0">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
