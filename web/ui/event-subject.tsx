import { Link } from "@tanstack/react-router";
import type { WisHubEvent } from "#sdk/live.ts";

const SUBJECT = "min-w-0 truncate font-mono text-xs";

/** What an event is about, as a link where it has a screen. */
export function EventSubject({ event: { type, subject } }: { event: WisHubEvent }) {
  if (subject === undefined) return null;
  if (type.startsWith("unit."))
    return (
      <Link to="/unit/$id" params={{ id: subject }} className={`link ${SUBJECT}`}>
        {subject}
      </Link>
    );
  if (type.startsWith("agent."))
    return (
      <Link to="/agent/$id" params={{ id: subject }} className={`link ${SUBJECT}`}>
        {subject}
      </Link>
    );
  if (type.startsWith("task."))
    return (
      <Link to="/task/$id" params={{ id: subject }} className={`link ${SUBJECT}`}>
        {subject}
      </Link>
    );
  return <span className={`text-kumo-subtle ${SUBJECT}`}>{subject}</span>;
}
