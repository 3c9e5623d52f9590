import { Button } from "@cloudflare/kumo/components/button";
import { useMutation, useQuery } from "@tanstack/react-query";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { changed } from "#web/app/queries.ts";
import { channelWords } from "#web/screens/channel/messages.ts";
import { AGAIN_MS, CHANNEL } from "#web/screens/channels/traffic.ts";
import { Badge } from "#web/ui/badges.tsx";
import { Card } from "#web/ui/page.tsx";
import { Failure, Read } from "#web/ui/states.tsx";
import { Ago } from "#web/ui/time.tsx";

type Letter = Operations["GET /v1/channels/{id}/dead-letters"]["answer"]["items"][number];

/** What was given up, both ways, and the way to put it back to work. */
export function DeadLetters({ id }: { id: string }) {
  const t = useMessages(channelWords);
  const { may } = usePermissions();
  const path = { id };
  const letters = useQuery({
    queryKey: ["channel", id, "dead"],
    queryFn: () => api.operation("GET /v1/channels/{id}/dead-letters", { path }),
    refetchInterval: AGAIN_MS,
  });
  const redrive = useMutation({
    mutationFn: () => api.operation("POST /v1/channels/{id}/redrive", { path }),
    onSuccess: () => changed(CHANNEL),
  });
  return (
    <div className="grid gap-3">
      <Read query={letters} action="channel.read" lines={2}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="text-kumo-subtle">{t("noDead")}</p>
          ) : (
            <Card>
              <ul aria-label={t("dead")} className="dead-letters divide-y divide-kumo-line">
                {items.map((letter) => (
                  <LetterRow key={letter.id} letter={letter} />
                ))}
              </ul>
              {may("channel.change") && (
                <div className="border-t border-kumo-line px-4 py-3">
                  <Button disabled={redrive.isPending} onClick={() => redrive.mutate()}>
                    {t("redrive")}
                  </Button>
                </div>
              )}
            </Card>
          )
        }
      </Read>
      <p role="status" className="text-kumo-subtle empty:hidden">
        {redrive.data !== undefined && t("redriven", { count: redrive.data.redriven })}
      </p>
      {redrive.error !== null && <Failure error={redrive.error} />}
    </div>
  );
}

function LetterRow({ letter }: { letter: Letter }) {
  const t = useMessages(channelWords);
  const { direction, reason, attempts, deadAt, conversationId, body } = letter;
  return (
    <li className="grid gap-1 px-4 py-2.5">
      <p className="flex flex-wrap items-center gap-2">
        <Badge tone="plain">{t(direction)}</Badge>
        <span className="min-w-0 grow" dir="auto">
          {reason}
        </span>
        <span className="text-xs text-kumo-subtle">{t("attempts", { count: attempts })}</span>
        <Ago at={deadAt} className="text-xs" />
      </p>
      <p className="text-kumo-subtle" dir="auto">
        {textIn(body)}
      </p>
      <p className="truncate font-mono text-xs text-kumo-subtle">{conversationId}</p>
    </li>
  );
}

/** What was said, in a message of either way. */
export function textIn(body: unknown): string {
  const { text } = (body ?? {}) as { text?: unknown };
  return typeof text === "string" ? text : JSON.stringify(body);
}
