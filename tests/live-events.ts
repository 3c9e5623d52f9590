import { readEvents, type ServerEvent } from "#sdk/events.ts";
import type { TestAccount } from "./helpers.ts";

export type CloudEvent = {
  id: string;
  type: string;
  subject?: string;
  data: Record<string, unknown>;
  partition: number;
  sequence: string;
};

export const PATH = "/v1/topics/agent.events/events";

/** Appends `custom.<type>` events, one after the other, each with the number in its data. */
export async function append(
  account: TestAccount,
  numbers: readonly number[],
  {
    type = "custom.counted",
    more = {},
    key = "k",
  }: { type?: string; more?: object; key?: string } = {},
): Promise<void> {
  const events = numbers.map((n) => ({ type, key, id: `e-${n}`, data: { n, ...more } }));
  const answer = await account.call("POST", PATH, { body: { events } });
  if (answer.status !== 201) throw new Error(await answer.text());
}

/** The client's end of a stream of server-sent events. */
export class Reader {
  readonly #events: AsyncGenerator<ServerEvent>;
  /** The newest id, also one that came without an event. */
  last = "";

  constructor(answer: Response) {
    if (answer.body === null) throw new Error(`${answer.status} without a body`);
    this.#events = readEvents(answer.body, (id) => {
      this.last = id;
    });
  }

  static async open(
    account: Pick<TestAccount, "call">,
    query = "",
    headers: Record<string, string> = {},
  ): Promise<Reader> {
    const answer = await account.call("GET", `/v1/events${query}`, { headers });
    if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`);
    return new Reader(answer);
  }

  /** The next event; null where the stream is over. */
  async next(): Promise<(ServerEvent & { event: CloudEvent }) | null> {
    const { done, value } = await this.#events.next();
    return done ? null : { ...value, event: JSON.parse(value.data) as CloudEvent };
  }

  /** The numbers of so many events. */
  async numbers(count: number): Promise<number[]> {
    const numbers: number[] = [];
    while (numbers.length < count) {
      const one = await this.next();
      if (one === null) throw new Error(`over after ${numbers.join()}`);
      numbers.push(Number(one.event.data["n"]));
    }
    return numbers;
  }

  async close(): Promise<void> {
    await this.#events.return(undefined);
  }
}
