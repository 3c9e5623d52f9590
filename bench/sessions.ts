import { setTimeout as delay } from "node:timers/promises";
import { sessionsIn } from "#domain/sessions/room.ts";
import { openFilesMax } from "#scripts/launch/open-files.ts";
import { percentiles } from "./lib/load.ts";
import { memoryBelow, type Product, product } from "./lib/product.ts";
import {
  madeAgents,
  mailboxOverSessions,
  type OpenSession,
  openSession,
} from "./lib/session-load.ts";

// Sessions of the served product: what 5,000 of them cost, asleep and awake, how fast one answers while all are awake, and
// how many messages go through mailboxes over them.

const asked = process.argv.find((one) => one.startsWith("--sessions="));
const WANTED = asked === undefined ? 5_000 : Number(asked.slice(11));
/** A machine whose processes may have few files open has room for fewer (domain/sessions/room.ts). */
const SESSIONS = Math.min(WANTED, sessionsIn(openFilesMax() ?? Infinity));
const GOALS = { asleepKb: 100, awakeKb: 400, p99Ms: 150, messages: 2_000 };
const OPENING = 32;
const AT_ONCE = 64;
const ECHO_S = 10;
/** An object sleeps after 10 s of silence. */
const FALL_ASLEEP_MS = 13_000;
/**
 * What a session costs asleep shows while most sleep as others come: the allocator keeps what an awake one gave back, so
 * memory hardly falls.
 */
const CALM = { share: 0.4, perSecond: 60 };

const say = (line: string) => process.stdout.write(`${line}\n`);
const served = await product({ gpu: false });
try {
  for (const pairs of process.argv.includes("--no-mail") ? [] : [8, 16, 32]) {
    const { messages, seconds } = await mailboxOverSessions(served, {
      pairs,
      batch: 16,
      seconds: 5,
    });
    const rate = (messages / seconds).toFixed(0);
    say(
      `${pairs} pairs of sessions, 16 to a frame: ${rate} messages/s sent, pushed and acknowledged (goal ${GOALS.messages})`,
    );
  }
  if (SESSIONS < WANTED)
    say(`no process may have more than ${openFilesMax()} files open here: ${SESSIONS} sessions`);
  const agents = await madeAgents(served, SESSIONS);
  const calmly = agents.splice(0, Math.floor(SESSIONS * CALM.share));
  // What the first ones take is for all: stubs, compiled code, young generations.
  const sessions = await openedCalmly(calmly.splice(0, calmly.length / 2));
  const first = memoryMb(served);
  sessions.push(...(await openedCalmly(calmly.slice())));
  const asleepKb = ((memoryMb(served) - first) * 1_024) / calmly.length;
  say(`asleep ${asleepKb.toFixed(0)} kB each (goal ${GOALS.asleepKb})`);
  const before = memoryMb(served) - (asleepKb * sessions.length) / 1_024;
  const startedAt = performance.now();
  sessions.push(...(await opened(agents)));
  const took = (performance.now() - startedAt) / 1_000;
  say(
    `${agents.length} sessions opened, ${OPENING} at once: ${(agents.length / took).toFixed(0)}/s`,
  );
  await echoes(sessions, 3); // all of them have been awake once
  const { perSecond, p50, p99 } = await echoes(sessions, ECHO_S);
  say(
    `echo over ${SESSIONS} sessions, all awake, ${AT_ONCE} at once: ${perSecond.toFixed(0)}/s, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms (goal ${GOALS.p99Ms})`,
  );
  const awakeKb = ((memoryMb(served) - before) * 1_024) / SESSIONS;
  say(`awake ${awakeKb.toFixed(0)} kB each (goal ${GOALS.awakeKb})`);
  await delay(FALL_ASLEEP_MS);
  const woken = await echoes(sessions.slice(0, 500), 1);
  say(`echo that wakes its object: p50 ${woken.p50.toFixed(1)} ms, p99 ${woken.p99.toFixed(1)} ms`);
  for (const session of sessions) session.close();
} finally {
  await served.stop();
}

/** Resident, of all processes of the product. */
function memoryMb({ pid }: Product): number {
  return memoryBelow(pid).reduce((sum, { megabytes }) => sum + megabytes, 0);
}

/** As slowly as clients come that nobody sends all at once, and asleep when this answers. */
async function openedCalmly(agents: readonly string[]): Promise<OpenSession[]> {
  const sessions: OpenSession[] = [];
  for (const agent of agents) {
    sessions.push(await openSession(served, agent));
    await delay(1_000 / CALM.perSecond);
  }
  await delay(FALL_ASLEEP_MS);
  return sessions;
}

async function opened(agents: readonly string[]): Promise<OpenSession[]> {
  const sessions: OpenSession[] = [];
  let next = 0;
  const open = async () => {
    for (let agent = agents[next++]; agent !== undefined; agent = agents[next++])
      sessions.push(await openSession(served, agent));
  };
  await Promise.all(Array.from({ length: OPENING }, open));
  return sessions;
}

/** Echoes over all sessions in turn, for so long, and at least one each. */
async function echoes(sessions: readonly OpenSession[], seconds: number) {
  const latencies: number[] = [];
  const startedAt = performance.now();
  let next = 0;
  const ask = async () => {
    while (performance.now() - startedAt < seconds * 1_000 || next < sessions.length) {
      const session = sessions[next++ % sessions.length];
      if (session === undefined) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      session.onFrame = () => resolve();
      const askedAt = performance.now();
      session.send({ type: "echo", id: "e", body: "how does water boil at sea level?" });
      await promise;
      latencies.push(performance.now() - askedAt);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, ask));
  const perSecond = (latencies.length * 1_000) / (performance.now() - startedAt);
  return { perSecond, ...percentiles(latencies.sort((a, b) => a - b)) };
}
