import type { Served } from "./serve.ts";
import type { Settings } from "./settings.ts";
import { readCredentials, writeCredentials, type Credentials } from "./state.ts";

/** Makes the first account on the first start, and keeps its key where only this user can read it. */
export async function firstAccount(settings: Settings, served: Served): Promise<Credentials> {
  const known = readCredentials(settings.stateDir);
  if (known !== undefined) {
    if (known.url !== settings.publicUrl)
      writeCredentials(settings.stateDir, { ...known, url: settings.publicUrl });
    return known;
  }
  const { apiKey, accountId } = await served.ask<{ apiKey: string; accountId: string }>("/setup");
  const credentials = { url: settings.publicUrl, apiKey, accountId };
  writeCredentials(settings.stateDir, credentials);
  return credentials;
}

/** Where a browser is signed in with one click, once: at the only origin that may sign it in. */
export async function consoleUrl(settings: Settings, served: Served): Promise<string> {
  const code = await served.ask<string>("/console-code");
  return `${settings.publicUrl}/?code=${encodeURIComponent(code)}`;
}
