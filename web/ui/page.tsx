import { type ReactNode, useEffect } from "react";

type Props = {
  title: string;
  lead?: ReactNode;
  /** What can be done here, at the end of the heading's line. */
  actions?: ReactNode;
  children: ReactNode;
};

/** A screen: its heading, which is the tab's title too, and what stands below. */
export function Page({ title, lead, actions, children }: Props) {
  useEffect(() => {
    document.title = `WisHub · ${title}`;
  }, [title]);
  return (
    <>
      <header className="mb-6 flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div className="min-w-0">
          <h1 className="text-xl font-semibold tracking-tight text-balance">{title}</h1>
          {lead !== undefined && <div className="mt-1 max-w-2xl text-kumo-subtle">{lead}</div>}
        </div>
        {actions !== undefined && <div className="flex flex-wrap gap-2">{actions}</div>}
      </header>
      {children}
    </>
  );
}

type SectionProps = { title: string; end?: ReactNode; children: ReactNode; className?: string };

/** A titled part of a screen. */
export function Section({ title, end, children, className = "" }: SectionProps) {
  return (
    <section className={`mt-8 ${className}`}>
      <div className="mb-2.5 flex flex-wrap items-baseline justify-between gap-x-4 gap-y-2">
        <h2 className="font-semibold">{title}</h2>
        {end}
      </div>
      {children}
    </section>
  );
}

/** A surface that stands out from the page. */
export function Card({ children, className = "" }: { children: ReactNode; className?: string }) {
  return (
    <div className={`rounded-xl border border-kumo-line bg-kumo-base ${className}`}>{children}</div>
  );
}
