export type Sample = { name: string; labels: Record<string, string>; value: number };
export type Family = { type: string; help: string; samples: Sample[] };

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const SUFFIXES = /_(?:bucket|sum|count)$/;

/**
 * Reads a page of metrics and throws at whatever is not as the text format 0.0.4 has it (Prometheus, "Exposition
 * formats"): what a test holds against what we write. Stricter than a scraper: help and type come first, a family's
 * samples are together, no series comes twice, and histograms add up.
 */
export function parsedExposition(page: string): Map<string, Family> {
  if (page !== "" && !page.endsWith("\n")) throw new Error("the last line does not end");
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  let current = "";
  for (const line of page.split("\n").slice(0, -1)) {
    const comment = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line);
    if (comment !== null) {
      const [, what, name = "", text = ""] = comment;
      if (what === "HELP") {
        if (families.has(name)) throw new Error(`${name} comes twice`);
        families.set(name, { type: "", help: text, samples: [] });
        current = name;
      } else {
        const family = families.get(name);
        if (name !== current || family === undefined || family.type !== "")
          throw new Error(`the type of ${name} is not where it should be`);
        if (!/^(?:counter|gauge|histogram)$/.test(text)) throw new Error(`no type: ${text}`);
        family.type = text;
      }
      continue;
    }
    const sample = sampleOf(line);
    const family = families.get(current);
    if (family === undefined || family.type === "") throw new Error(`no type for ${line}`);
    const base = family.type === "histogram" ? sample.name.replace(SUFFIXES, "") : sample.name;
    if (base !== current) throw new Error(`${line} stands under ${current}`);
    const series = JSON.stringify([sample.name, sorted(sample.labels)]);
    if (seen.has(series)) throw new Error(`${line} comes twice`);
    seen.add(series);
    family.samples.push(sample);
  }
  for (const [name, family] of families) check(name, family);
  return families;
}

function sampleOf(line: string): Sample {
  const name = NAME.exec(line)?.[0];
  if (name === undefined) throw new Error(`no sample: ${line}`);
  const labels: Record<string, string> = {};
  let at = name.length;
  if (line[at] === "{") {
    at++;
    while (line[at] !== "}") {
      const label = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,(?!})|(?=}))/.exec(
        line.slice(at),
      );
      const [whole, key, text = ""] = label ?? [];
      if (whole === undefined || key === undefined || Object.hasOwn(labels, key))
        throw new Error(`no label at ${at}: ${line}`);
      labels[key] = text.replaceAll(/\\(.)/g, (_, char: string) => (char === "n" ? "\n" : char));
      at += whole.length;
    }
    at++;
  }
  const value = /^ (-?\d+(?:\.\d+)?(?:e[+-]\d+)?|\+Inf|-Inf|NaN)$/.exec(line.slice(at))?.[1];
  if (value === undefined) throw new Error(`no value: ${line}`);
  return { name, labels, value: Number(value.replace("Inf", "Infinity")) };
}

function check(name: string, { type, help, samples }: Family): void {
  if (samples.length === 0 || help === "") throw new Error(`${name} is empty`);
  if (type === "counter") {
    if (!name.endsWith("_total")) throw new Error(`${name} is a counter and does not say so`);
    if (samples.some(({ value }) => !(value >= 0))) throw new Error(`${name} fell below zero`);
  }
  if (type === "histogram")
    for (const group of Map.groupBy(samples, seriesOf).values()) checkHistogram(name, group);
}

const seriesOf = ({ labels }: Sample): string =>
  JSON.stringify(sorted(labels).filter(([label]) => label !== "le"));

function checkHistogram(name: string, samples: readonly Sample[]): void {
  const buckets = samples.filter((one) => one.name === `${name}_bucket`);
  const bounds = buckets.map(({ labels }) =>
    Number((labels["le"] ?? "").replace("Inf", "Infinity")),
  );
  const ascends = (all: readonly number[], isStrict: boolean) =>
    all.every(
      (one, i) => i === 0 || (isStrict ? one > (all[i - 1] ?? 0) : one >= (all[i - 1] ?? 0)),
    );
  const counts = buckets.map(({ value }) => value);
  const count = samples.find((one) => one.name === `${name}_count`)?.value;
  const hasSum = samples.some((one) => one.name === `${name}_sum`);
  const isWhole = bounds.at(-1) === Infinity && counts.at(-1) === count && hasSum;
  if (!ascends(bounds, true) || !ascends(counts, false) || !isWhole)
    throw new Error(`${name} does not add up`);
}

const sorted = (labels: Record<string, string>) =>
  Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
