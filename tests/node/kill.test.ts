import { expect, it, vi } from "vitest";
import { killable } from "./killable.ts";
import { processesOf } from "./launched.ts";

const ROUNDS = 3;
const CONNECTIONS = 6;
/** Acknowledged units of a round before the kill: some verified by then, most of them not. */
const UNITS_BEFORE_KILL = 40;
const ROUND_MS_MAX = 60_000;

type Unit = { id: string; title: string; status: string; version: number };
type Sent = { key: string; body: { title: string; body: string }; answer: Unit | null };

const product = killable();

async function publish({ key, body }: Sent): Promise<Unit> {
  const response = await product.api("/v1/units", {
    method: "POST",
    headers: { "Idempotency-Key": key },
    body: JSON.stringify(body),
  });
  if (response.status !== 202) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as Unit;
}

/** Publishes on several connections until `isOver`; what was not answered stays in the list without an answer. */
async function load(round: number, sent: Sent[], isOver: () => boolean): Promise<void> {
  const connection = async (name: number) => {
    for (let i = 0; !isOver(); i++) {
      const title = `Round ${round}, connection ${name}, note ${i}`;
      const one: Sent = {
        key: title,
        body: { title, body: `Body of ${title.toLowerCase()}.` },
        answer: null,
      };
      sent.push(one);
      one.answer = await publish(one).catch(() => null);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, (_, name) => connection(name)));
}

async function allUnits(): Promise<Unit[]> {
  const units: Unit[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const response = await product.api(`/v1/units?limit=100${cursor && `&cursor=${cursor}`}`);
    const page = (await response.json()) as { items: Unit[]; nextCursor: string | null };
    units.push(...page.items);
    cursor = page.nextCursor;
  }
  return units;
}

it.skipIf(process.platform !== "linux")(
  `kill -9 of everything under load, ${ROUNDS} times: nothing acknowledged is lost, nothing is published twice`,
  { timeout: ROUNDS * ROUND_MS_MAX },
  async () => {
    const sent: Sent[] = [];
    await product.start();
    for (let round = 0; round < ROUNDS; round++) {
      let killed = false;
      const before = sent.length;
      const loading = load(round, sent, () => killed);
      const acknowledged = () => sent.slice(before).filter(({ answer }) => answer !== null).length;
      await vi.waitFor(() => expect(acknowledged()).toBeGreaterThan(UNITS_BEFORE_KILL), {
        timeout: ROUND_MS_MAX,
        interval: 5,
      });
      killed = true;
      await product.kill();
      await loading;
      expect(processesOf(product.state)).toEqual([]);
      await product.start();

      const known = new Map((await allUnits()).map((unit) => [unit.id, unit.title]));
      for (const { answer } of sent)
        if (answer !== null) expect(known.get(answer.id)).toBe(answer.title);
    }

    // The same requests again, the unanswered ones among them. Those whose first attempt was killed wait for its lease.
    await inParallel(sent, async (one) => {
      const again = await repeated(one);
      if (one.answer !== null) expect(again.id).toBe(one.answer.id);
      one.answer = again;
    });

    const titles = (await allUnits()).map(({ title }) => title);
    expect(titles.toSorted()).toEqual(sent.map(({ body }) => body.title).toSorted());
    const settled = await vi.waitFor(
      async () => {
        const units = await allUnits();
        expect(
          units.filter(({ status }) => status === "pending" || status === "verifying"),
        ).toEqual([]);
        return units;
      },
      { timeout: ROUND_MS_MAX, interval: 250 },
    );
    expect(new Set(settled.map(({ status }) => status))).toEqual(new Set(["searchable"]));
    for (const { body, answer } of sent.filter((_, i) => i % 10 === 0)) {
      const search = await product.api("/v1/search", {
        method: "POST",
        body: JSON.stringify({ query: body.title, mode: "lexical", limit: 50 }),
      });
      const { hits } = (await search.json()) as { hits: { unitId: string }[] };
      expect(hits.filter(({ unitId }) => unitId === answer?.id)).toHaveLength(1);
    }
  },
);

/** A first attempt that died is still "in flight" until its lease ends; its repetition says when to come again. */
async function repeated(one: Sent): Promise<Unit> {
  return await vi.waitFor(async () => await publish(one), { timeout: ROUND_MS_MAX, interval: 250 });
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const next = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: 4 * CONNECTIONS }, next));
}
