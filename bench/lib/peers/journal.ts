import { fdatasync, openSync, write } from "node:fs";
import { promisify } from "node:util";

const writeTo = promisify(write);
const sync = promisify(fdatasync);

/**
 * A log that a power cut leaves whole, as PostgreSQL's is: what is appended is on disk when the promise resolves, and
 * what comes while others are being written goes together.
 */
export function openJournal(path: string): (text: string) => Promise<void> {
  const file = openSync(path, "a");
  let waiting: { text: string; done: () => void; failed: (error: unknown) => void }[] = [];
  let isWriting = false;

  async function drain(): Promise<void> {
    isWriting = true;
    while (waiting.length > 0) {
      const some = waiting;
      waiting = [];
      try {
        await writeTo(file, some.map(({ text }) => `${text}\n`).join(""));
        await sync(file);
        for (const { done } of some) done();
      } catch (error) {
        for (const { failed } of some) failed(error);
      }
    }
    isWriting = false;
  }

  return async (text) =>
    await new Promise<void>((done, failed) => {
      waiting.push({ text, done, failed });
      if (!isWriting) void drain();
    });
}
