import { useMessages } from "#web/app/language.ts";
import { useRecentEvents } from "#web/app/live.ts";
import { overview } from "#web/screens/overview/messages.ts";
import { EventSubject } from "#web/ui/event-subject.tsx";
import { Card } from "#web/ui/page.tsx";
import { Ago } from "#web/ui/time.tsx";

const SHOWN = 12;

/** The newest events as they come. */
export function Happening() {
  const t = useMessages(overview);
  // Who did what stands in the audit log, and would drown the rest here.
  const events = useRecentEvents().filter(({ type }) => !type.startsWith("audit."));
  return (
    <Card>
      {events.length === 0 ? (
        <p className="px-4 py-6 text-center text-kumo-subtle">{t("quiet")}</p>
      ) : (
        <ul className="divide-y divide-kumo-line" aria-live="polite" aria-relevant="additions">
          {events.slice(0, SHOWN).map((event) => (
            <li key={event.id} className="appear flex items-baseline gap-3 px-4 py-2">
              <span className="flex-none font-mono text-xs">{event.type}</span>
              <EventSubject event={event} />
              <Ago at={event.time} className="ms-auto flex-none text-xs" />
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
