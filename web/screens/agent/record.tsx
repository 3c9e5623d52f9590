import { useQuery } from "@tanstack/react-query";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { agentWords } from "#web/screens/agent/messages.ts";
import { Badge } from "#web/ui/badges.tsx";
import { Facts } from "#web/ui/facts.tsx";
import { useFormat } from "#web/ui/format.ts";
import { Read } from "#web/ui/states.tsx";
import { Ago } from "#web/ui/time.tsx";

const tenths = (value: number): number => Math.round(value * 10) / 10;

/** What its tasks have shown: how they went, how long they took, what they cost, and of what it says that it can do. */
export function TaskRecord({ id }: { id: string }) {
  const t = useMessages(agentWords);
  const format = useFormat();
  const seconds = (ms: number) => t("seconds", { count: format.number(tenths(ms / 1_000)) });
  const record = useQuery({
    queryKey: ["agent", id, "record"],
    queryFn: () => api.operation("GET /v1/agents/{id}/record", { path: { id } }),
    meta: { live: ["task"] },
  });
  return (
    <Read query={record} action="agent.read" lines={4}>
      {({ tasks, success, latencyMs, credits, lastAnsweredAt, capabilities }) => (
        <>
          <Facts
            rows={[
              [t("recordTasks"), format.number(tasks)],
              [t("recordSuccess"), tasks === 0 ? t("notKnown") : format.percent(success)],
              [t("recordLatency"), latencyMs === null ? t("notKnown") : seconds(latencyMs)],
              [
                t("recordCredits"),
                credits === null ? t("notKnown") : t("credits", { count: tenths(credits) }),
              ],
              [
                t("recordAnswered"),
                lastAnsweredAt === null ? t("notKnown") : <Ago key="at" at={lastAnsweredAt} />,
              ],
            ]}
            className="record"
          />
          <ul aria-label={t("capabilities")} className="mt-3 grid gap-1.5">
            {capabilities.map(({ capability, grade }) => (
              <li key={capability} className="flex flex-wrap items-baseline gap-2">
                <Badge tone={grade === "declared" ? "plain" : "good"}>{capability}</Badge>
                <span className="text-xs text-kumo-subtle">{t(`grade${grade}`)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </Read>
  );
}
