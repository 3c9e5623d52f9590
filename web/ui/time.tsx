import { useEffect, useState } from "react";
import { useFormat } from "#web/ui/format.ts";

const TICK_MS = 15_000;

/** When something was, as "3 minutes ago"; the exact time stands in its tooltip. */
export function Ago({ at, className = "" }: { at: string; className?: string }) {
  const format = useFormat();
  const [nowMs, setNowMs] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  const time = new Date(at);
  return (
    <time
      dateTime={at}
      title={format.time(at)}
      className={`text-kumo-subtle tabular-nums ${className}`}
    >
      {format.ago(at, Math.max(nowMs, time.getTime()))}
    </time>
  );
}
