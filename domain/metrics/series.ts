import {
  ACCOUNT_LABEL,
  isMetricName,
  type Labels,
  type MetricName,
  metricOf,
} from "#domain/metrics/names.ts";

/** Of one label's value: what is longer is cut. */
const LABEL_CHARS_MAX = 128;

/** One series as a text: as Prometheus writes it, labels in the order the metric names them. */
export function seriesKey(name: MetricName, labels: Labels): string {
  const { labels: named } = metricOf(name);
  if (named.length === 0) return name;
  const pairs = named.map((label) => `${label}="${escaped(labels[label] ?? "")}"`);
  return `${name}{${pairs.join(",")}}`;
}

/** The text format's escapes (Prometheus exposition formats, "Text-based format"); no other control character passes. */
const escaped = (value: string): string =>
  PLAIN.test(value)
    ? value
    : Array.from(
        value.slice(0, LABEL_CHARS_MAX),
        (char) => ESCAPES[char] ?? (char < " " || char === "\u007f" ? " " : char),
      )
        .join("")
        .toWellFormed();
/** What nearly all values are: nothing in it is to be escaped or cut. */
const PLAIN = /^[\w ./:{}-]{0,128}$/;
const ESCAPES: Partial<Record<string, string>> = { "\\": "\\\\", '"': '\\"', "\n": "\\n" };

export type Series = { name: MetricName; labels: Record<string, string> };

/** The series that a text names; null where it names none of ours. */
export function seriesFrom(key: string): Series | null {
  const open = key.indexOf("{");
  const name = open === -1 ? key : key.slice(0, open);
  if (!isMetricName(name)) return null;
  const labels: Record<string, string> = {};
  let at = open;
  for (const label of metricOf(name).labels) {
    const start = `${label}="`;
    if (at === -1 || !key.startsWith(start, at + 1)) return null;
    const value = quoted(key, at + 1 + start.length);
    if (value === null) return null;
    labels[label] = value.text;
    at = value.end;
  }
  const isWhole = open === -1 ? metricOf(name).labels.length === 0 : key.slice(at) === "}";
  return isWhole ? { name, labels } : null;
}

/** Labels as a query writes them: `route="GET /v1/units",status="5xx"`; null where the text is none of these. */
export function labelsFrom(text: string): Record<string, string> | null {
  const labels: Record<string, string> = {};
  for (let at = 0; at < text.length;) {
    const found = /^\s*([a-z_]{1,40})="/.exec(text.slice(at, at + 64));
    const label = found?.[1];
    if (found === null || label === undefined || Object.hasOwn(labels, label)) return null;
    const value = quoted(text, at + found[0].length);
    if (value === null) return null;
    labels[label] = value.text;
    at = value.end;
    if (at < text.length && text[at] !== ",") return null;
    at++;
  }
  return labels;
}

/** A quoted value that begins here, and where what comes after its quote is. */
function quoted(key: string, from: number): { text: string; end: number } | null {
  let text = "";
  for (let at = from; at < key.length; at++) {
    const char = key[at];
    if (char === '"') return { text, end: at + 1 };
    if (char !== "\\") text += char;
    else {
      at++;
      text += key[at] === "n" ? "\n" : (key[at] ?? "");
    }
  }
  return null;
}

/** Whose series a key names, where it is an account's (names.ts): that is its first label. */
export const accountIn = (key: string): string | null => OF_ACCOUNT.exec(key)?.[1] ?? null;
const OF_ACCOUNT = new RegExp(`^\\w+\\{${ACCOUNT_LABEL}="([^"\\\\]*)"`);

/** Whether a series has all of these labels. */
export const hasLabels = ({ labels }: Series, wanted: Labels): boolean =>
  Object.entries(wanted).every(([label, value]) => labels[label] === value);

/** FNV-1a, 32 bits (draft-eastlake-fnv): which of some objects keeps a series, or bills an account. */
export function shardOf(key: string, shards: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++)
    hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193) >>> 0;
  return hash % shards;
}
