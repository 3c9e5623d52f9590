import { Button } from "@cloudflare/kumo/components/button";
import { useQuery } from "@tanstack/react-query";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { settingWords } from "#web/screens/settings/messages.ts";
import { Facts } from "#web/ui/facts.tsx";
import { useFormat } from "#web/ui/format.ts";
import { Card, Section } from "#web/ui/page.tsx";
import { Read } from "#web/ui/states.tsx";

type Limit = Operations["GET /v1/limits"]["answer"]["limits"][number];
const NAMES = {
  account: "limitaccount",
  day: "limitday",
  key: "limitkey",
  agent: "limitagent",
} as const;
const isNamed = (name: string): name is keyof typeof NAMES => name in NAMES;

/** The plan, and how much of its limits is used at this moment. */
export function Limits() {
  const t = useMessages(settingWords);
  // Each request spends from them, also this one: nothing tells of it, so they are read when somebody looks.
  const limits = useQuery({
    queryKey: ["limit"],
    queryFn: () => api.operation("GET /v1/limits"),
    staleTime: 0,
  });
  return (
    <Section
      title={t("limits")}
      end={
        <Button size="sm" onClick={() => void limits.refetch()}>
          {t("again")}
        </Button>
      }
    >
      <Read query={limits} action="limit.read">
        {({ plan, auditDays, limits: each }) => (
          <Card className="limits grid gap-4 p-5">
            <Facts
              rows={[
                [t("plan"), t(`plan${plan}`)],
                [t("auditDays"), t("days", { n: auditDays })],
              ]}
            />
            {each.length === 0 && <p className="text-kumo-subtle">{t("noLimits")}</p>}
            {each.map((limit) => (
              <LimitBar key={limit.name} limit={limit} />
            ))}
          </Card>
        )}
      </Read>
    </Section>
  );
}

function LimitBar({ limit: { name, requests, remaining } }: { limit: Limit }) {
  const t = useMessages(settingWords);
  return (
    <Bar
      label={isNamed(name) ? t(NAMES[name]) : name}
      used={requests - remaining}
      most={requests}
    />
  );
}

/** How much of something is used. */
export function Bar({ label, used, most }: { label: string; used: number; most: number }) {
  const t = useMessages(settingWords);
  const format = useFormat();
  return (
    <div className="grid gap-1">
      <p className="flex flex-wrap justify-between gap-x-4">
        <span>{label}</span>
        <span className="text-kumo-subtle tabular-nums">
          {t("usedOf", { used: format.number(used), most: format.number(most) })}
        </span>
      </p>
      <progress value={used} max={most} aria-label={label} className="h-1.5 w-full" />
    </div>
  );
}
