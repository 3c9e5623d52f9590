import { CaretRightIcon } from "@phosphor-icons/react";
import { type ReactNode, useId, useState } from "react";
import type { WisHubEvent } from "#sdk/live.ts";
import { CopyButton } from "#web/ui/copy.tsx";
import { EventSubject } from "#web/ui/event-subject.tsx";
import { Ago } from "#web/ui/time.tsx";

type Props = {
  event: WisHubEvent;
  /** In the place of its subject, where everything shown has the same. */
  about?: ReactNode;
};

/** An event in a line; opened, all of it as JSON. */
export function EventRow({ event, about = <EventSubject event={event} /> }: Props) {
  const [isOpen, setOpen] = useState(false);
  const id = useId();
  const text = isOpen ? JSON.stringify(event, null, 2) : "";
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-0.5">
        <button
          type="button"
          aria-expanded={isOpen}
          aria-controls={isOpen ? id : undefined}
          onClick={() => setOpen(!isOpen)}
          className="event-type inline-flex items-center gap-1.5 font-mono text-xs font-medium hover:text-kumo-link"
        >
          <CaretRightIcon
            size={12}
            aria-hidden="true"
            className={`flex-none rtl:-scale-x-100 ${isOpen ? "rotate-90" : ""}`}
          />
          {event.type}
        </button>
        {about}
        <Ago at={event.time} className="ms-auto flex-none text-xs" />
      </div>
      {isOpen && (
        <div id={id} className="mt-2 grid gap-2">
          <pre
            // What is wider than the page is scrolled by keys, too.
            tabIndex={0}
            aria-label={event.id}
            role="region"
            className="max-h-96 overflow-auto rounded-lg bg-kumo-recessed p-3 font-mono text-xs"
          >
            {text}
          </pre>
          <div className="justify-self-start">
            <CopyButton text={text} />
          </div>
        </div>
      )}
    </>
  );
}
