import { Button } from "@cloudflare/kumo/components/button";
import { useMessages } from "#web/app/language.ts";
import { agentWords } from "#web/screens/agent/messages.ts";
import { EventRow } from "#web/screens/events/event-row.tsx";
import type { Tail } from "#web/screens/events/tail.ts";
import { LongList } from "#web/ui/list.tsx";
import { Failure } from "#web/ui/states.tsx";

const ROW_PX = 42;

type Props = {
  tail: Tail;
  again(): void;
  /** Looks through all that is kept; absent where that was done. */
  further: (() => void) | undefined;
};

/** What happened to it and by it of late, and what happens; all that is kept where one asks for it. */
export function Timeline({ tail, again, further }: Props) {
  const t = useMessages(agentWords);
  const { events, error } = tail;
  return (
    <div className="timeline grid gap-3">
      {error !== null && <Failure error={error} retry={again} />}
      {events.length === 0 && error === null && (
        <p className="text-kumo-subtle">{t(further === undefined ? "quiet" : "quietOfLate")}</p>
      )}
      {events.length > 0 && (
        <LongList
          items={events}
          keyOf={({ id }) => id}
          rowHeight={ROW_PX}
          row={(event) => <EventRow event={event} />}
          label={t("happened")}
        />
      )}
      {further !== undefined && (
        <div className="flex flex-wrap items-center gap-3 text-kumo-subtle">
          <span>{t("ofLate")}</span>
          <Button size="sm" onClick={further}>
            {t("further")}
          </Button>
        </div>
      )}
    </div>
  );
}
