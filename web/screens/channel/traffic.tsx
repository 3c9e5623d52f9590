import { useMessages } from "#web/app/language.ts";
import { channelWords } from "#web/screens/channel/messages.ts";
import { useTraffic } from "#web/screens/channels/traffic.ts";
import { useFormat } from "#web/ui/format.ts";
import { Card } from "#web/ui/page.tsx";
import { Read } from "#web/ui/states.tsx";
import { Ago } from "#web/ui/time.tsx";

const WAYS = ["inbound", "outbound"] as const;

/** What comes and goes, and whether the other side takes it. */
export function Traffic({ id }: { id: string }) {
  const t = useMessages(channelWords);
  const format = useFormat();
  const traffic = useTraffic(id);
  return (
    <Read query={traffic} action="channel.read" lines={3}>
      {(both) => (
        <div className="traffic grid gap-3 sm:grid-cols-2">
          {WAYS.map((way) => {
            const { lastMinute, lastAt, waiting, deadLetters, failures, resumesAt } = both[way];
            return (
              <Card key={way} className={`${way} px-4 py-3`}>
                <h3 className="flex flex-wrap items-baseline justify-between gap-2">
                  <span className="font-medium">{t(way)}</span>
                  <span className="text-xs text-kumo-subtle">
                    {lastAt === null ? t("silent") : <Ago at={lastAt} />}
                  </span>
                </h3>
                <dl className="mt-2 grid grid-cols-3 gap-2">
                  {(
                    [
                      ["lastMinute", lastMinute],
                      ["waiting", waiting],
                      ["deadCount", deadLetters],
                    ] as const
                  ).map(([name, value]) => (
                    <div key={name} className="flex flex-col-reverse justify-end">
                      <dt className="text-xs text-kumo-subtle">{t(name)}</dt>
                      <dd className="text-lg font-semibold tabular-nums">{format.number(value)}</dd>
                    </div>
                  ))}
                </dl>
                {failures > 0 && (
                  <p className="mt-2 text-kumo-warning">
                    {resumesAt === null
                      ? t("failures", { count: failures })
                      : t("failuresUntil", { count: failures, time: format.time(resumesAt) })}
                  </p>
                )}
              </Card>
            );
          })}
        </div>
      )}
    </Read>
  );
}
