import { WisHubError } from "./error.ts";
import { readEvents, type ServerEvent } from "./events.ts";
import type { Waiting } from "./retry.ts";

const BACKOFF_MS = 500;
const BACKOFF_MS_MAX = 10_000;
/** Times in a row that nothing answers: a minute and a half, after which somebody should look. */
const FAILURES_MAX = 8;

export type Following = {
  signal?: AbortSignal | undefined;
  /** Is told whenever a stream broke off that will be taken up again. */
  onLost?: ((error: unknown) => void) | undefined;
};

/** What a stream needs of the client. `last` is the newest id that came, null where there was none yet. */
export type Streams = {
  waiting: Waiting;
  open(last: string | null, signal?: AbortSignal): Promise<ReadableStream<Uint8Array> | null>;
};

/**
 * The events of a stream that is taken up where it broke off, until `signal`. A refusal is thrown, and so is the last
 * failure where nothing answers any more.
 */
export async function* followed(
  { open, waiting }: Streams,
  { signal, onLost }: Following,
  from: string | null = null,
): AsyncGenerator<ServerEvent> {
  let last = from;
  const isOver = () => signal?.aborted === true;
  for (let failures = 0; !isOver();) {
    try {
      const stream = await open(last, signal);
      failures = 0;
      for await (const event of readEvents(stream ?? nothing(), (id) => (last = id))) yield event;
    } catch (error) {
      if (isOver()) return;
      if (!isPassing(error) || ++failures >= FAILURES_MAX) throw error;
      onLost?.(error);
    }
    if (!isOver()) await waiting.sleep(backoffMs(failures, waiting));
  }
}

const nothing = (): ReadableStream<Uint8Array> => new Blob([]).stream();

export const backoffMs = (failures: number, { random }: Waiting): number =>
  Math.min(BACKOFF_MS * 2 ** failures, BACKOFF_MS_MAX) * (0.5 + random() / 2);

/** Whether it may be otherwise the next time. */
export const isPassing = (error: unknown): boolean =>
  !(error instanceof WisHubError) ||
  error.code === "network" ||
  error.status === 429 ||
  error.status === 503;
