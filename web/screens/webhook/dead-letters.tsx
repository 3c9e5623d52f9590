import { Button } from "@cloudflare/kumo/components/button";
import { useMutation } from "@tanstack/react-query";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { changed } from "#web/app/queries.ts";
import { webhookWords } from "#web/screens/webhook/messages.ts";
import { WEBHOOK } from "#web/screens/webhooks/hook-badge.tsx";
import { LongList } from "#web/ui/list.tsx";
import { usePages } from "#web/ui/pages.ts";
import { Failure, Read } from "#web/ui/states.tsx";
import { Ago } from "#web/ui/time.tsx";

type Letter = Operations["GET /v1/webhooks/{id}/dead-letters"]["answer"]["items"][number];

/** What was never taken, the oldest first, and the way to send it again. */
export function DeadLetters({ id }: { id: string }) {
  const t = useMessages(webhookWords);
  const { may } = usePermissions();
  const path = { id };
  const pages = usePages(["webhook", id, "dead"], (cursor) =>
    api.operation("GET /v1/webhooks/{id}/dead-letters", { path, query: { cursor } }),
  );
  const redrive = useMutation({
    mutationFn: () => api.operation("POST /v1/webhooks/{id}/redrive", { path }),
    onSuccess: () => changed(WEBHOOK),
  });
  return (
    <div className="grid gap-3">
      <Read query={pages} action="webhook.read" lines={2}>
        {(letters) =>
          letters.length === 0 ? (
            <p className="text-kumo-subtle">{t("noDead")}</p>
          ) : (
            <>
              <LongList
                items={letters}
                keyOf={(letter) => letter.id}
                row={(letter) => <LetterRow letter={letter} />}
                more={pages.more}
                label={t("dead")}
              />
              {may("webhook.change") && (
                <div>
                  <Button disabled={redrive.isPending} onClick={() => redrive.mutate()}>
                    {t("redrive")}
                  </Button>
                </div>
              )}
            </>
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

function LetterRow({ letter: { id, reason, attempts, deadAt, body } }: { letter: Letter }) {
  const t = useMessages(webhookWords);
  return (
    <div className="dead-letter grid gap-1">
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <span className="min-w-0 grow" dir="auto">
          {reason}
        </span>
        <span className="text-xs text-kumo-subtle">{t("attempts", { count: attempts })}</span>
        <Ago at={deadAt} className="text-xs" />
      </p>
      <p className="truncate font-mono text-xs text-kumo-subtle">
        {id} {body}
      </p>
    </div>
  );
}
