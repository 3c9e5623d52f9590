import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { webhookWords } from "#web/screens/webhook/messages.ts";
import { AGAIN_MS } from "#web/screens/webhook/again.ts";
import { Badge, type Tone } from "#web/ui/badges.tsx";
import { useFormat } from "#web/ui/format.ts";
import { LongList } from "#web/ui/list.tsx";
import { usePages } from "#web/ui/pages.ts";
import { Read } from "#web/ui/states.tsx";
import { Ago } from "#web/ui/time.tsx";

type Tried = Operations["GET /v1/webhooks/{id}/deliveries"]["answer"]["items"][number];
const TONES: Record<Tried["outcome"], Tone> = {
  delivered: "good",
  failed: "busy",
  "given-up": "bad",
};
const PAGE = 50;
const ROW_PX = 42;

/** Every attempt, the newest first. */
export function Deliveries({ id }: { id: string }) {
  const t = useMessages(webhookWords);
  const pages = usePages(
    ["webhook", id, "deliveries"],
    (cursor) =>
      api.operation("GET /v1/webhooks/{id}/deliveries", {
        path: { id },
        query: { limit: PAGE, cursor },
      }),
    [],
    AGAIN_MS,
  );
  return (
    <Read query={pages} action="webhook.read" lines={3}>
      {(attempts) =>
        attempts.length === 0 ? (
          <p className="text-kumo-subtle">{t("noDeliveries")}</p>
        ) : (
          <LongList
            items={attempts}
            keyOf={({ number }) => String(number)}
            rowHeight={ROW_PX}
            row={(tried) => <TriedRow tried={tried} />}
            more={pages.more}
            label={t("deliveries")}
          />
        )
      }
    </Read>
  );
}

function TriedRow({ tried }: { tried: Tried }) {
  const t = useMessages(webhookWords);
  const format = useFormat();
  const { id, type, outcome, status, attempt, durationMs, at, nextAttemptAt, detail } = tried;
  return (
    <div className="tried flex flex-wrap items-center gap-x-3 gap-y-0.5">
      <Badge tone={TONES[outcome]}>{t(`outcome${outcome}`)}</Badge>
      <span className="font-mono text-xs font-medium">{type}</span>
      <span className="min-w-0 truncate font-mono text-xs text-kumo-subtle">{id}</span>
      {detail !== null && (
        <span className="min-w-0 text-kumo-subtle" dir="auto">
          {detail}
        </span>
      )}
      <span className="text-xs text-kumo-subtle tabular-nums sm:ms-auto">
        {status !== null && `${status} · `}
        {attempt > 1 && `${t("attempt", { count: attempt })} · `}
        {format.number(Math.round(durationMs))} ms
      </span>
      {nextAttemptAt !== null && (
        <span className="text-xs text-kumo-warning">
          {t("next", { time: format.time(nextAttemptAt) })}
        </span>
      )}
      <Ago at={at} className="text-xs" />
    </div>
  );
}
