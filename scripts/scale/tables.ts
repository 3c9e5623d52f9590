import {
  billOf,
  cacheHitsFor,
  fillingOf,
  gatewayOf,
  type Line,
  vectorizeOf,
} from "#domain/scale/bill.ts";
import { checksOf, countsOf, leafPerSecond, storedBytes } from "#domain/scale/counts.ts";
import {
  ASSUMPTIONS,
  isShare,
  LIMITS,
  MEASURED,
  type Measured,
  type Parameter,
  PRICES,
  type Values,
  WORKLOAD,
} from "#domain/scale/parameters.ts";
import { sensitivities } from "#domain/scale/sensitivity.ts";

const GOAL = 60_000;
const BAR_CHARS = 40;
const SENSITIVE = 8;

const dollars = (amount: number): string => `$${Math.round(amount).toLocaleString("en-US")}`;
const amountOf = (value: number): string =>
  value === 0 || (Math.abs(value) >= 0.001 && Math.abs(value) < 1e6)
    ? Number(value.toPrecision(4)).toLocaleString("en-US", { maximumFractionDigits: 4 })
    : Number(value.toPrecision(4)).toExponential().replace("e+", "e");
const table = (heads: string[], rows: string[][]): string =>
  [heads, heads.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

/** The bill as bars, one a line, the longest first. */
function bars(lines: Line[]): string {
  const most = Math.max(...lines.map((line) => line.dollars));
  return lines
    .toSorted((a, b) => b.dollars - a.dollars)
    .filter((line) => line.dollars >= 1)
    .map((line) => {
      const bar = "█".repeat(Math.max(1, Math.round((line.dollars / most) * BAR_CHARS)));
      return `${line.what.padEnd(32)} ${dollars(line.dollars).padStart(9)}  ${bar}`;
    })
    .join("\n");
}

/** What the command prints. */
export function billText(v: Values): string {
  const bill = billOf(v);
  const within = bill.lines.filter(({ part }) => part !== "beside");
  const named = `sessionShare=${v.sessionShare} cacheHits=${v.cacheHits} searchShare=${v.searchShare}`;
  const gateway = gatewayOf(v);
  const failing = checksOf(v).filter(({ fits }) => !fits);
  return [
    bars(within),
    `\na month, without embedding queries: ${dollars(bill.goal)} (goal ${dollars(GOAL)}) at ${named}`,
    ...bill.lines
      .filter(({ part }) => part === "beside")
      .map((line) => `with ${line.what}: + ${dollars(line.dollars)}`),
    `with a gateway object before the leaves (not built): ${dollars(gateway.goal)}`,
    `filling it once: ${dollars(fillingOf(v))}`,
    breakEven(v),
    ...failing.map(
      ({ what, needed, limit }) =>
        `does not fit: ${what}: ${amountOf(needed)} of ${amountOf(limit)}`,
    ),
  ].join("\n");
}

/** The tables of docs/model.md. */
export function tablesOf(
  v: Values,
  kept: { on: string; machine: string; measured: Measured },
): string {
  const bill = billOf(v);
  const inGoal = bill.lines.filter(({ part }) => part !== "beside");
  return [
    `Measured on ${kept.on}: ${kept.machine}.`,
    `## The bill of a month\n\n**${dollars(bill.goal)}** (goal: at most ${dollars(GOAL)}) for ${amountOf(v.callsPerDay)} calls a day, none embedded, with ${percent(v.sessionShare)} of the calls in sessions and ${percent(v.cacheHits)} of the searches answered under a lease.`,
    `\`\`\`text\n${bars(inGoal)}\n\`\`\``,
    table(
      ["for", "what", "$ a month", "how"],
      bill.lines.map(({ part, what, how, ...line }) => [part, what, dollars(line.dollars), how]),
    ),
    `"beside" is priced and not in the sum. Filling it with ${amountOf(v.units)} units once: ${dollars(fillingOf(v))}.`,
    `## At other shares\n\n$ a month by share of calls in sessions (down) and share of searches answered under a lease (across); **bold** is within the goal.`,
    grid(v),
    breakEven(v),
    `Asking 3 leaves instead of ${v.publicLeavesAsked}: ${dollars(billOf({ ...v, publicLeavesAsked: 3 }).goal)}.`,
    `With one gateway object before the leaves, reached by one request and reaching the leaves by WebSocket (not built): ${dollars(gatewayOf(v).goal)} as above, and ${dollars(gatewayOf({ ...v, cacheHits: 0 }).goal)} with no cached answer at all (${dollars(billOf({ ...v, cacheHits: 0 }).goal)} without the gateway).`,
    `## Vectorize or shards\n\n${vectorize(v)}`,
    `## How many\n\n${counts(v)}`,
    `## What has to fit\n\n${table(
      ["what", "needed", "allowed", ""],
      checksOf(v).map(({ what, needed, limit, fits }) => [
        what,
        amountOf(needed),
        amountOf(limit),
        fits ? "fits" : "**does not fit**",
      ]),
    )}`,
    `## What moves the sum most\n\nOne parameter a tenth less or more (a share: five hundredths).\n\n${sensitive(v)}`,
    `## Every number in it\n\nSet any of them: \`npm run model -- --quick cacheHits=0.7 price.workerRequest=2e-7\`.`,
    measuredTable(kept.measured),
    parameterTable("workload", WORKLOAD),
    parameterTable("assumption", ASSUMPTIONS),
    parameterTable("price", PRICES, "price."),
    parameterTable("limit", LIMITS, "limit."),
    "",
  ].join("\n\n");
}

function breakEven(v: Values): string {
  const least = cacheHitsFor(v, GOAL);
  return least === null
    ? `With ${percent(v.sessionShare)} of the calls in sessions no share of cached answers meets the goal.`
    : `With ${percent(v.sessionShare)} of the calls in sessions the goal is met from ${percent(least)} of searches answered under a lease on.`;
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;

function grid(v: Values): string {
  const shares = [0, 0.5, 0.7, 0.8, 0.9, 0.95];
  const cell = (sessionShare: number, cacheHits: number): string => {
    const { goal } = billOf({ ...v, sessionShare, cacheHits });
    return goal <= GOAL ? `**${dollars(goal)}**` : dollars(goal);
  };
  return table(
    ["", ...shares.map(percent)],
    shares.map((sessions) => [percent(sessions), ...shares.map((hits) => cell(sessions, hits))]),
  );
}

function vectorize(v: Values): string {
  const { unitPassages } = storedBytes(v);
  const perPassage = v["price.objectStorageGb"] / 1e9;
  const rows = [
    ["units' passages", unitPassages],
    ["every vector", v.vectors],
  ] as const;
  return table(
    ["vectors", "dimensions", "storing", "queries", "in search shards instead: storing"],
    rows.flatMap(([what, vectors]) =>
      [...new Set([v.vectorizeDimensions, v.dimensions, 1_024])].map((dimensions) => {
        const price = vectorizeOf(v, vectors, dimensions);
        const inShards = vectors * dimensions * 1.125 * perPassage;
        return [
          `${what} (${amountOf(vectors)})`,
          String(dimensions),
          dollars(price.storing),
          dollars(price.queries),
          dollars(inShards),
        ];
      }),
    ),
  );
}

function counts(v: Values): string {
  const rows = countsOf(v).list.map(({ what, count, because }) => [what, amountOf(count), because]);
  return `${table(["what", "how many", "because of"], rows)}\n\nA leaf answers ${amountOf(leafPerSecond(v))} calls a second at most here.`;
}

function sensitive(v: Values): string {
  return table(
    ["parameter", "is", "less", "more"],
    sensitivities(v, isShare)
      .slice(0, SENSITIVE)
      .map(({ name, value, less, more }) => [
        `\`${name}\``,
        amountOf(value),
        dollars(less),
        dollars(more),
      ]),
  );
}

function measuredTable(measured: Measured): string {
  return table(
    ["measured", "value", "unit"],
    Object.entries(MEASURED).map(([name, unit]) => [
      `\`measured.${name}\``,
      amountOf(measured[name as keyof Measured]),
      name.endsWith("CpuMs")
        ? `${unit}: ${amountOf(1_000 / measured[name as keyof Measured])} requests/s a core`
        : unit,
    ]),
  );
}

function parameterTable(kind: string, parameters: Record<string, Parameter>, prefix = ""): string {
  return table(
    [kind, "value", "unit", "why"],
    Object.entries(parameters).map(([name, { value, unit, why }]) => [
      `\`${prefix}${name}\``,
      amountOf(value),
      unit,
      why,
    ]),
  );
}
