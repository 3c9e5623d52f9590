import { existsSync } from "node:fs";
import { makeRing, pruneRing, rotateRing } from "./launch/key-ring.ts";
import { lockState } from "./launch/lock.ts";
import { command, Refusal, say } from "./launch/say.ts";
import { readSettings } from "./launch/settings.ts";

const CHANGES: Record<string, { change(file: string): void; said: string }> = {
  new: { change: makeRing, said: "a new key ring is at" },
  rotate: { change: rotateRing, said: "from the next start on, a new root key wraps; it is in" },
  prune: { change: pruneRing, said: "only the current root key is left in" },
};

// The key ring of a state, while nothing runs on it: npm run key-ring -- new | rotate | prune
await command(() => {
  const chosen = CHANGES[process.argv[2] ?? ""];
  if (chosen === undefined) throw new Refusal("say new, rotate or prune.");
  const { stateDir, keyRing } = readSettings(process.env);
  const lock = existsSync(stateDir) ? lockState(stateDir) : undefined;
  try {
    chosen.change(keyRing.file);
    say(`${chosen.said} ${keyRing.file}`);
  } finally {
    lock?.release();
  }
  return Promise.resolve();
});
