import { useEffect, useState } from "react";
import type { TaskNews } from "#sdk/tasks.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { heed } from "#web/app/session.ts";
import { taskWords } from "#web/screens/task/messages.ts";
import { useFormat } from "#web/ui/format.ts";
import { Card } from "#web/ui/page.tsx";
import { Failure } from "#web/ui/states.tsx";
import { Ago } from "#web/ui/time.tsx";

type Told = TaskNews & { kind: "event" };

/** What whoever works on the task said of it on the way. */
export function Said({ id }: { id: string }) {
  const t = useMessages(taskWords);
  const format = useFormat();
  const [told, setTold] = useState<readonly Told[]>([]);
  const [error, setError] = useState<unknown>(null);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const over = new AbortController();
    const follow = async () => {
      try {
        for await (const news of api.tasks.watch(id, { signal: over.signal }))
          if (news.kind === "event") setTold((before) => [...before, news]);
      } catch (failure) {
        if (over.signal.aborted) return;
        heed(failure);
        setError(failure);
      }
    };
    setTold([]);
    setError(null);
    void follow();
    return () => over.abort();
  }, [id, turn]);
  if (error !== null) return <Failure error={error} retry={() => setTurn(turn + 1)} />;
  if (told.length === 0) return <p className="text-kumo-subtle">{t("nothingSaid")}</p>;
  return (
    <Card>
      <ol className="said divide-y divide-kumo-line" aria-live="polite">
        {told.map(({ at, progress, data }, n) => (
          <li key={n} className="appear flex flex-wrap items-baseline gap-3 px-4 py-2">
            {progress !== null && (
              <span className="font-medium tabular-nums">{format.percent(progress)}</span>
            )}
            {data != null && (
              <code className="min-w-0 grow font-mono text-xs" dir="auto">
                {typeof data === "string" ? data : JSON.stringify(data)}
              </code>
            )}
            <Ago at={at} className="ms-auto text-xs" />
          </li>
        ))}
      </ol>
    </Card>
  );
}
