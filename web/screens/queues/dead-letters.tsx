import { Button } from "@cloudflare/kumo/components/button";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { usePermissions } from "#web/app/permissions.ts";
import { changed } from "#web/app/queries.ts";
import { queueWords } from "#web/screens/queues/messages.ts";
import { Badge } from "#web/ui/badges.tsx";
import { Card } from "#web/ui/page.tsx";
import { Failure, Read } from "#web/ui/states.tsx";
import { Ago } from "#web/ui/time.tsx";

/** Units whose verification or indexing failed on every attempt. */
export function DeadLetters() {
  const t = useMessages(queueWords);
  const { may } = usePermissions();
  const letters = useQuery({
    queryKey: ["dead-letter"],
    queryFn: () => api.operation("GET /v1/dead-letters"),
    meta: { live: ["unit"] },
  });
  const redrive = useMutation({
    mutationFn: () => api.operation("POST /v1/dead-letters/redrive", {}),
    onSuccess: () => changed(new Set(["dead-letter", "unit"])),
  });
  return (
    <Read query={letters} action="dead-letter.read" lines={2}>
      {({ items }) =>
        items.length === 0 ? (
          <p className="text-kumo-subtle">{t("noDead")}</p>
        ) : (
          <Card className="grid gap-3 p-5">
            <ul className="divide-y divide-kumo-line">
              {items.map((each) => (
                <li
                  key={`${each.queue} ${each.unitId} ${each.version}`}
                  className="flex flex-wrap items-center gap-3 py-2"
                >
                  <Badge tone="plain">{each.queue}</Badge>
                  <Link
                    to="/unit/$id"
                    params={{ id: each.unitId }}
                    className="link font-mono text-xs"
                  >
                    {each.unitId}
                  </Link>
                  <span className="min-w-0 grow" dir="auto">
                    {each.reason}
                  </span>
                  <Ago at={each.at} className="text-xs" />
                </li>
              ))}
            </ul>
            {may("dead-letter.redrive") && (
              <Button
                className="justify-self-start"
                disabled={redrive.isPending}
                onClick={() => redrive.mutate()}
              >
                {t("redrive")}
              </Button>
            )}
            {redrive.error !== null && <Failure error={redrive.error} />}
          </Card>
        )
      }
    </Read>
  );
}
