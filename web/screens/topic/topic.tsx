import { ArrowsClockwiseIcon } from "@phosphor-icons/react";
import { Button } from "@cloudflare/kumo/components/button";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import type { WisHubEvent } from "#sdk/live.ts";
import type { Operations } from "#sdk/types.ts";
import { api } from "#web/app/client.ts";
import { useMessages } from "#web/app/language.ts";
import { EventRow } from "#web/screens/events/event-row.tsx";
import { topicWords } from "#web/screens/topic/messages.ts";
import { EARLIEST, Place, type Replay } from "#web/screens/topic/place.tsx";
import { LongList } from "#web/ui/list.tsx";
import { Page } from "#web/ui/page.tsx";
import { usePages } from "#web/ui/pages.ts";
import { Allowed, Empty, Read } from "#web/ui/states.tsx";

const PAGE = 100;
const ROW_PX = 42;

/** What a topic keeps, from an offset or a time on. */
export function Topic() {
  const t = useMessages(topicWords);
  const { topic } = useParams({ from: "/topic/$topic" });
  const [replay, setReplay] = useState<Replay>(EARLIEST);
  const shown = useQuery({
    queryKey: ["topic", topic],
    queryFn: () => api.operation("GET /v1/topics/{topic}", { path: { topic } }),
  });
  return (
    <Allowed action="topic.read">
      <Page title={topic} lead={t("lead")}>
        <Read query={shown} action="topic.read">
          {({ partitions }) => (
            <>
              <Place partitions={partitions} read={setReplay} />
              <div className="mt-6">
                <Kept topic={topic} replay={replay} />
              </div>
            </>
          )}
        </Read>
      </Page>
    </Allowed>
  );
}

type Answer = Operations["GET /v1/topics/{topic}/events"]["answer"];

/** Where the next page begins; null where all that there was is read. */
function nextOf({ partition }: Replay, { partitions, position }: Answer): string | null {
  if (partitions.every(({ next, latest }) => next >= latest)) return null;
  return partition === undefined ? position : String(partitions[0]?.next ?? 0);
}

function Kept({ topic, replay }: { topic: string; replay: Replay }) {
  const t = useMessages(topicWords);
  const pages = usePages(["topic", topic, "kept", replay], async (cursor) => {
    const { partition, after, from } = replay;
    const place = cursor === undefined ? { after, from } : { after: cursor };
    const answer = await api.operation("GET /v1/topics/{topic}/events", {
      path: { topic },
      query: { partition, limit: PAGE, ...place },
    });
    return { items: answer.items as WisHubEvent[], nextCursor: nextOf(replay, answer) };
  });
  return (
    <Read query={pages} action="topic.read">
      {(events) =>
        events.length === 0 ? (
          <Empty icon={<ArrowsClockwiseIcon size={32} />} title={t("none")}>
            <Button onClick={() => void pages.refetch()}>{t("read")}</Button>
          </Empty>
        ) : (
          <LongList
            items={events}
            keyOf={({ partition, sequence }) => `${partition} ${sequence}`}
            rowHeight={ROW_PX}
            row={(event) => <EventRow event={event} />}
            more={pages.more}
            label={topic}
          />
        )
      }
    </Read>
  );
}
