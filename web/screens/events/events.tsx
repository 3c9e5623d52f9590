import { Button } from "@cloudflare/kumo/components/button";
import { PauseIcon, PlayIcon, PulseIcon } from "@phosphor-icons/react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import type { EventsOptions, WisHubEvent } from "#sdk/live.ts";
import { useMessages } from "#web/app/language.ts";
import type { EventQuestion } from "#web/app/questions.ts";
import { useShortcut } from "#web/app/shortcuts.ts";
import { EventRow } from "#web/screens/events/event-row.tsx";
import { Filter } from "#web/screens/events/filter.tsx";
import { eventWords } from "#web/screens/events/messages.ts";
import { useTail } from "#web/screens/events/tail.ts";
import { Topics } from "#web/screens/events/topics.tsx";
import { LongList } from "#web/ui/list.tsx";
import { Page, Section } from "#web/ui/page.tsx";
import { Allowed, Empty, Failure } from "#web/ui/states.tsx";

const SINCE_MS: Record<string, number> = { hour: 3_600_000, day: 86_400_000 };
const ROW_PX = 42;

/** What happens in the account as it happens, and again from a time. */
export function Events() {
  const t = useMessages(eventWords);
  const asked = useSearch({ from: "/events" });
  const navigate = useNavigate();
  const [held, setHeld] = useState<Held | null>(null);
  const [turn, setTurn] = useState(0);
  const tail = useTail(
    useMemo(() => optionsOf(asked, Date.now()), [asked]),
    turn,
  );
  const toggle = () => setHeld(held === null ? tail : null);
  useShortcut({ keys: "p", label: t(held === null ? "pause" : "resume"), act: toggle });
  const ask = (search: EventQuestion) => {
    setHeld(null);
    void navigate({ to: "/events", search });
  };
  return (
    <Allowed action="topic.read">
      <Page
        title={t("title")}
        lead={t("lead")}
        actions={
          <Button
            onClick={toggle}
            icon={held === null ? <PauseIcon size={16} /> : <PlayIcon size={16} />}
          >
            {t(held === null ? "pause" : "resume")}
          </Button>
        }
      >
        <Filter key={JSON.stringify(asked)} asked={asked} ask={ask} />
        <p role="status" className="mt-5 mb-2 text-kumo-subtle">
          {held === null
            ? t(tail.isLost ? "lost" : "listening", { count: tail.heard })
            : t("paused", { count: tail.heard - held.heard })}
        </p>
        {tail.error !== null && (
          <div className="mb-3">
            <Failure error={tail.error} retry={() => setTurn(turn + 1)} />
          </div>
        )}
        <Shown events={(held ?? tail).events} />
        <Section title={t("topics")}>
          <Topics />
        </Section>
      </Page>
    </Allowed>
  );
}

/** What was shown when it was paused. */
type Held = { events: readonly WisHubEvent[]; heard: number };

function Shown({ events }: { events: readonly WisHubEvent[] }) {
  const t = useMessages(eventWords);
  if (events.length === 0)
    return (
      <Empty icon={<PulseIcon size={32} />} title={t("none")}>
        {t("noneDetail")}
      </Empty>
    );
  return (
    <LongList
      items={events}
      keyOf={({ id }) => id}
      rowHeight={ROW_PX}
      row={(event) => <EventRow event={event} />}
      label={t("title")}
    />
  );
}

function optionsOf(
  { topic, type, agent, task, since }: EventQuestion,
  nowMs: number,
): EventsOptions {
  const ms = since === undefined ? undefined : SINCE_MS[since];
  return {
    topics: topic === undefined ? undefined : [topic],
    types: type === undefined ? undefined : [type],
    agent,
    task,
    from: ms === undefined ? since : new Date(nowMs - ms).toISOString(),
  };
}
