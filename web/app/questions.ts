/** What stands in the address of the search. */
export type SearchQuestion = {
  q?: string | undefined;
  level?: string | undefined;
  visibility?: string | undefined;
  language?: string | undefined;
};

/** Whose refused units are shown. */
export type ReviewQuestion = { visibility?: string | undefined };

/** Which tasks are listed. */
export type TaskQuestion = {
  state?: string | undefined;
  pool?: string | undefined;
  type?: string | undefined;
};

/** What a task that is to be given begins with: the capabilities of whoever shall do it, with commas between them. */
export type GiveQuestion = { requires?: string | undefined };

/** Which events are followed; `since`: `hour`, `day` or a time, and from now on without it. */
export type EventQuestion = {
  topic?: string | undefined;
  type?: string | undefined;
  agent?: string | undefined;
  task?: string | undefined;
  since?: string | undefined;
};

/** What stands in the address of the list of traces. */
export type TraceQuestion = {
  name?: string | undefined;
  only?: string | undefined;
  slow?: string | undefined;
};

/** What stands in the address of the log. */
export type LogQuestion = {
  level?: string | undefined;
  service?: string | undefined;
  trace?: string | undefined;
  q?: string | undefined;
};

/** Which entries of the audit log are shown. */
export type AuditQuestion = {
  action?: string | undefined;
  phase?: string | undefined;
  /** A principal, a pseudonym, or a credential. */
  actor?: string | undefined;
  resource?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
};
