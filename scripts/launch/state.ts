import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Refusal } from "./say.ts";

/** Raised when what lies in the state folder changes in a way that an older release cannot read. */
const STATE_VERSION = 1;

export type Credentials = { url: string; apiKey: string; accountId: string };

/** Refuses what a newer release has written; what an older one has written is brought up to date by migrations. */
export function checkStateVersion(stateDir: string): void {
  const path = join(stateDir, "version.json");
  const found = readJson<{ stateVersion?: unknown; release?: unknown }>(path);
  if (found === undefined) {
    writeWhole(path, { stateVersion: STATE_VERSION });
    return;
  }
  if (typeof found.stateVersion !== "number")
    throw new Refusal(`${path} is damaged, restore the state from a backup.`);
  if (found.stateVersion > STATE_VERSION) {
    throw new Refusal(
      `this state was written by a newer release of WisHub (version ${found.stateVersion}, this one reads up to ${STATE_VERSION}), start that one.`,
    );
  }
  if (found.stateVersion < STATE_VERSION) writeWhole(path, { stateVersion: STATE_VERSION });
}

export function readCredentials(stateDir: string): Credentials | undefined {
  return readJson<Credentials>(join(stateDir, "credentials.json"));
}

export function writeCredentials(stateDir: string, credentials: Credentials): void {
  writeWhole(join(stateDir, "credentials.json"), credentials);
}

/** By rename, so a kill leaves the old file or the new one and never half of one; readable by its owner only. */
export function writeWhole(path: string, value: unknown): void {
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  chmodSync(temporary, 0o600);
  renameSync(temporary, path);
}

export function readJson<T>(path: string): T | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch {
    throw new Refusal(`${path} is damaged, restore the state from a backup.`);
  }
}
