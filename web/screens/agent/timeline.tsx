import { useMessages } from "#web/app/language.ts";
import { agentWords } from "#web/screens/agent/messages.ts";
import { EventRow } from "#web/screens/events/event-row.tsx";
import type { Tail } from "#web/screens/events/tail.ts";
import { LongList } from "#web/ui/list.tsx";
import { Failure } from "#web/ui/states.tsx";

const ROW_PX = 42;

/** What happened to it and by it as far as that is kept, and what happens. */
export function Timeline({ tail, again }: { tail: Tail; again(): void }) {
  const t = useMessages(agentWords);
  const { events, error } = tail;
  return (
    <div className="timeline grid gap-3">
      {error !== null && <Failure error={error} retry={again} />}
      {events.length === 0 && error === null && <p className="text-kumo-subtle">{t("quiet")}</p>}
      {events.length > 0 && (
        <LongList
          items={events}
          keyOf={({ id }) => id}
          rowHeight={ROW_PX}
          row={(event) => <EventRow event={event} />}
          label={t("happened")}
        />
      )}
    </div>
  );
}
