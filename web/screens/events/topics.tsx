import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { eventWords } from "#web/screens/events/messages.ts";
import { useFormat } from "#web/ui/format.ts";
import { Card } from "#web/ui/page.tsx";
import { Read } from "#web/ui/states.tsx";

/** The topics that are kept, each a way to read it again. */
export function Topics() {
  const t = useMessages(eventWords);
  const format = useFormat();
  const topics = useQuery({
    queryKey: ["topic", "list"],
    queryFn: () => api.operation("GET /v1/topics"),
    meta: { live: ["unit", "agent", "task", "message", "custom"] },
  });
  return (
    <Read query={topics} action="topic.read">
      {({ items }) => (
        <div className="grid gap-3 sm:grid-cols-2">
          {items.map(({ topic, partitions, bytes, retentionDays, groups }) => (
            <Card key={topic} className="topic px-5 py-4">
              <h3>
                <Link
                  to="/topic/$topic"
                  params={{ topic }}
                  className="link font-mono text-sm font-medium"
                >
                  {topic}
                </Link>
              </h3>
              <p className="mt-1 text-kumo-subtle">
                {t("kept", {
                  count: partitions.reduce((sum, one) => sum + one.latest - one.earliest + 1, 0),
                  bytes: format.bytes(bytes),
                  days: retentionDays,
                })}
              </p>
              {groups.map(({ group, lag }) => (
                <p key={group} className="text-xs text-kumo-subtle">
                  {t("lag", { group, lag })}
                </p>
              ))}
            </Card>
          ))}
        </div>
      )}
    </Read>
  );
}
