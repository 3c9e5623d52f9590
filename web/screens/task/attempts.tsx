import { useState } from "react";
import type { EndCause } from "#domain/scheduling/row.ts";
import type { WisHubEvent } from "#sdk/live.ts";
import { useMessages } from "#web/app/language.ts";
import { EventRow } from "#web/screens/events/event-row.tsx";
import { useTail } from "#web/screens/events/tail.ts";
import { taskWords } from "#web/screens/task/messages.ts";
import { AgentLink } from "#web/ui/agent-link.tsx";
import { useFormat } from "#web/ui/format.ts";
import { Card } from "#web/ui/page.tsx";
import { Failure } from "#web/ui/states.tsx";

/** An event may bear a time a little before that of what it tells of. */
const BEFORE_MS = 1_000;

/** What events of `agent.tasks` say (domain/tasks/happenings.ts). */
type Facts = { attempts?: number; agentId?: string; cause?: EndCause; progress?: number };
type Group = { attempt: number; events: WisHubEvent[] };

/** The events of a task by attempt, the first one first. */
function grouped(newestFirst: readonly WisHubEvent[]): Group[] {
  const groups: Group[] = [];
  for (const event of newestFirst.toReversed()) {
    const { attempts = 0 } = event.data as Facts;
    const last = groups.at(-1);
    if (last?.attempt === attempts) last.events.push(event);
    else groups.push({ attempt: attempts, events: [event] });
  }
  return groups;
}

/** What became of each attempt, as it happens. */
export function Attempts({ id, since }: { id: string; since: string }) {
  const t = useMessages(taskWords);
  const [turn, setTurn] = useState(0);
  const from = new Date(Date.parse(since) - BEFORE_MS).toISOString();
  const { events, error } = useTail({ task: id, from }, turn);
  return (
    <div className="grid gap-4">
      {error !== null && <Failure error={error} retry={() => setTurn(turn + 1)} />}
      {events.length === 0 && error === null && <p className="text-kumo-subtle">{t("quiet")}</p>}
      {grouped(events).map(({ attempt, events: told }, at) => (
        // A task that is tried anew begins again with its first attempt.
        <div key={`${at} ${attempt}`}>
          <h3 className="mb-1.5 text-kumo-subtle">
            {attempt === 0 ? t("before") : t("attempt", { count: attempt })}
          </h3>
          <Card>
            <ol className="divide-y divide-kumo-line">
              {told.map((event) => (
                <li key={event.id} className="appear px-4 py-2">
                  <EventRow event={event} about={<About event={event} />} />
                </li>
              ))}
            </ol>
          </Card>
        </div>
      ))}
    </div>
  );
}

function About({ event: { data } }: { event: WisHubEvent }) {
  const { agentId, cause, progress } = data as Facts;
  const format = useFormat();
  const t = useMessages(taskWords);
  return (
    <>
      {agentId !== undefined && <AgentLink id={agentId} />}
      {cause !== undefined && <span className="text-kumo-subtle">{t(`cause${cause}`)}</span>}
      {progress !== undefined && <span className="tabular-nums">{format.percent(progress)}</span>}
    </>
  );
}
