/** What a field for a local time says, as ISO 8601 in UTC; empty where it says none. */
export function fromLocal(typed: string): string {
  const atMs = Date.parse(typed);
  return Number.isNaN(atMs) ? "" : new Date(atMs).toISOString();
}

/** A time as a field for a local one takes it, to the minute. */
export function toLocal(at: string): string {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return "";
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
