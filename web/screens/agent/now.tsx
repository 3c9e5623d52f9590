import { useQuery } from "@tanstack/react-query";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { agentWords } from "#web/screens/agent/messages.ts";
import { useFormat } from "#web/ui/format.ts";
import { Card } from "#web/ui/page.tsx";
import { Read } from "#web/ui/states.tsx";
import { Ago } from "#web/ui/time.tsx";

/** Its mailbox is told of by no event: it is read again so often. */
export const AGAIN_MS = 10_000;

/** Whether it is there, and what waits for it. */
export function Now({ id }: { id: string }) {
  const t = useMessages(agentWords);
  const format = useFormat();
  const path = { id };
  const now = useQuery({
    queryKey: ["agent", id, "now"],
    queryFn: async () => {
      const [presence, mailbox] = await Promise.all([
        api.operation("GET /v1/agents/{id}/presence", { path }),
        api.operation("GET /v1/agents/{id}/mailbox", { path }),
      ]);
      return { presence, mailbox };
    },
    meta: { live: ["task"] },
    refetchInterval: AGAIN_MS,
  });
  return (
    <Read query={now} action="message.read" lines={2}>
      {({ presence, mailbox }) => (
        <dl className="now grid grid-cols-2 gap-3 sm:grid-cols-3">
          {(
            [
              ["presence", t(presence.isPresent ? "present" : "absent")],
              ["sessions", format.number(presence.sessions)],
              ["waiting", format.number(mailbox.waiting)],
              ["leased", format.number(mailbox.leased)],
              ["dead", format.number(mailbox.dead)],
              ["oldest", mailbox.oldestSentAt === null ? "–" : <Ago at={mailbox.oldestSentAt} />],
            ] as const
          ).map(([name, value]) => (
            <Card key={name} className="flex flex-col-reverse justify-end px-4 py-3">
              <dt className="text-xs text-kumo-subtle">{t(name)}</dt>
              <dd className="text-lg font-semibold tabular-nums">{value}</dd>
            </Card>
          ))}
        </dl>
      )}
    </Read>
  );
}
