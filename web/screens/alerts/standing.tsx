import { CheckCircleIcon } from "@phosphor-icons/react";
import { useQuery } from "@tanstack/react-query";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { alertWords } from "#web/screens/alerts/messages.ts";
import { SilenceButton } from "#web/screens/alerts/silence.tsx";
import { AGAIN_MS, type Alert, TONE, useValue } from "#web/screens/alerts/values.ts";
import { Badge, Labels } from "#web/ui/badges.tsx";
import { Card, Section } from "#web/ui/page.tsx";
import { Empty, Read } from "#web/ui/states.tsx";
import { Ago } from "#web/ui/time.tsx";

const STANDING_MAX = 100;
const OVER_SHOWN = 20;

async function readAlerts() {
  const of = async (state: Alert["state"], limit: number) =>
    (await api.operation("GET /v1/alerts", { query: { state, limit } })).items;
  const [firing, pending, over] = await Promise.all([
    of("firing", STANDING_MAX),
    of("pending", STANDING_MAX),
    of("resolved", OVER_SHOWN),
  ]);
  return { standing: [...firing, ...pending], over };
}

/** What fires or is about to, and what did. */
export function Standing() {
  const t = useMessages(alertWords);
  const alerts = useQuery({
    queryKey: ["alert", "standing"],
    queryFn: readAlerts,
    refetchInterval: AGAIN_MS,
  });
  return (
    <Section title={t("now")} className="mt-0!">
      <Read query={alerts} action="alert.read">
        {({ standing, over }) => (
          <>
            {standing.length === 0 ? (
              <Empty icon={<CheckCircleIcon size={32} />} title={t("calm")}>
                {t("calmDetail")}
              </Empty>
            ) : (
              <AlertList alerts={standing} label={t("now")} name="standing" />
            )}
            {over.length > 0 && (
              <details className="mt-4">
                <summary className="w-fit py-0.5 text-kumo-subtle hover:text-kumo-link">
                  {t("over")}
                </summary>
                <div className="mt-2">
                  <AlertList alerts={over} label={t("over")} name="over" />
                </div>
              </details>
            )}
          </>
        )}
      </Read>
    </Section>
  );
}

type ListProps = { alerts: readonly Alert[]; label: string; name: string };

function AlertList({ alerts, label, name }: ListProps) {
  return (
    <Card>
      <ul aria-label={label} aria-live="polite" className={`${name} divide-y divide-kumo-line`}>
        {alerts.map((alert) => (
          <AlertRow key={alert.id} alert={alert} />
        ))}
      </ul>
    </Card>
  );
}

function AlertRow({ alert }: { alert: Alert }) {
  const t = useMessages(alertWords);
  const valueOf = useValue();
  const { rule, signal, severity, state, labels, value, above, since, resolvedAt } = alert;
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1.5 px-4 py-3">
      <Badge tone={state === "firing" ? TONE[severity] : "plain"}>
        {t(`severity${severity}`)} · {t(`state${state}`)}
      </Badge>
      <div className="min-w-0 grow max-sm:basis-full">
        <p className="font-medium">{rule}</p>
        <p className="text-kumo-subtle tabular-nums">
          {signal}:{" "}
          {t("measured", { value: valueOf(signal, value), bound: valueOf(signal, above) })}
        </p>
      </div>
      <Labels labels={labels} />
      {alert.silenced && <Badge tone="busy">{t("silenced")}</Badge>}
      <Ago at={resolvedAt ?? since} className="text-xs" />
      {state !== "resolved" && !alert.silenced && <SilenceButton rule={rule} labels={labels} />}
    </li>
  );
}
