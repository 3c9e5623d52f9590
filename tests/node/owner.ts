import { readFileSync } from "node:fs";
import { join } from "node:path";

export type OwnerKey = { url: string; apiKey: string };

/** Where a state is served, and the key of its first account's owner, as the first start writes them down. */
export const ownerOf = (state: string): OwnerKey =>
  JSON.parse(readFileSync(join(state, "credentials.json"), "utf8")) as OwnerKey;

/** Asks as that owner, or by another key, and answers what comes; it throws where that is refused. */
export const asOwnerOf =
  (state: () => string) =>
  async <T>(method: string, path: string, body?: unknown, key?: string): Promise<T> => {
    const { url, apiKey } = ownerOf(state());
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${key ?? apiKey}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  };
