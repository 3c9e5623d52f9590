import {
  CAUTION,
  expected,
  type Forecast,
  nothingSeen,
  observed,
} from "#domain/resources/forecast.ts";
import { scaled, type Scaling, type ScalingRule, STEADY } from "#domain/resources/scaling.ts";

export type Job = { atS: number; takesS: number };

export type Play = {
  jobs: readonly Job[];
  rule: ScalingRule;
  slotsPerMachine: number;
  startsInS: number;
  stepS: number;
  foresees: boolean;
};
export type Outcome = { delays: { atS: number; waitedS: number }[]; machineHours: number };

/** Plays recorded jobs against a pool that is scaled by the product's own rules; jobs are begun in the order they came. */
export function playPool({ jobs, rule, ...play }: Play): Outcome {
  const { slotsPerMachine, startsInS, stepS } = play;
  const horizon = Math.ceil(startsInS / stepS) + 1;
  const delays: Outcome["delays"] = [];
  const waiting: Job[] = [];
  /** Ends of the jobs that are worked on. */
  let working: number[] = [];
  let starting: number[] = [];
  let ready = rule.machinesMin;
  let machines = ready;
  let machineS = 0;
  let scaling: Scaling = STEADY;
  let forecast: Forecast = nothingSeen();
  let inStep = 0;
  let next = 0;
  const tickS = 0.1;
  const ticksPerStep = Math.round(stepS / tickS);
  for (let tick = 0; next < jobs.length || waiting.length > 0; tick++) {
    const nowS = tick * tickS;
    for (let job = jobs[next]; job !== undefined && job.atS <= nowS; job = jobs[next]) {
      waiting.push(job);
      next++;
    }
    working = working.filter((endS) => endS > nowS);
    const up = starting.filter((readyS) => readyS <= nowS).length;
    if (up > 0) starting = starting.filter((readyS) => readyS > nowS);
    ready += up;
    while (waiting.length > 0 && working.length < ready * slotsPerMachine) {
      const job = waiting.shift();
      if (job === undefined) break;
      delays.push({ atS: job.atS, waitedS: Math.max(0, nowS - job.atS - tickS) });
      working.push(nowS + job.takesS);
    }
    machineS += machines * tickS;
    inStep += (working.length + waiting.length) / slotsPerMachine;
    if ((tick + 1) % ticksPerStep !== 0) continue;
    const now = inStep / ticksPerStep;
    inStep = 0;
    forecast = observed(forecast, now, horizon);
    const told = play.foresees ? expected(forecast, horizon) : null;
    const foretold = told === null ? 0 : told.mean + CAUTION * told.deviation;
    const demand = { now, expected: foretold };
    const { machines: wanted, ...after } = scaled(rule, scaling, demand, machines, nowS * 1_000);
    scaling = after;
    for (; machines < wanted; machines++) starting.push(nowS + startsInS);
    while (machines > wanted) {
      machines--;
      if (starting.length > 0) starting.pop();
      else ready--;
    }
  }
  return { delays, machineHours: machineS / 3_600 };
}
