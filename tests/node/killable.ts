import { afterEach, beforeEach } from "vitest";
import { freePort } from "#scripts/launch/free-port.ts";
import { killAll, launch, type Launched, temporaryState } from "./launched.ts";
import { ownerOf } from "./owner.ts";

/**
 * The product on a state of each test's own, which is started, killed without a chance to tidy up, and started again.
 * `env` says what it is started with.
 */
export function killable(env: () => Promise<Record<string, string>> = async () => ({})) {
  let state: ReturnType<typeof temporaryState>;
  let port = 0;
  let settings: Record<string, string> = {};
  let launched: Launched | null = null;
  beforeEach(async () => {
    state = temporaryState();
    port = await freePort();
    settings = await env();
  });
  afterEach(async () => {
    launched?.process.kill("SIGTERM");
    await launched?.ended;
    launched = null;
    state.remove();
  });

  async function api(path: string, init: RequestInit = {}): Promise<Response> {
    const { apiKey } = ownerOf(state.path);
    const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
    return await fetch(`http://127.0.0.1:${port}${path}`, {
      ...init,
      headers: { ...headers, ...(init.headers as object) },
    });
  }

  return {
    get state() {
      return state.path;
    },
    get url() {
      return `http://127.0.0.1:${port}`;
    },
    async start(): Promise<void> {
      launched = launch({ state: state.path, port, env: settings });
      await launched.ready();
    },
    async kill(): Promise<void> {
      killAll(state.path);
      await launched?.ended;
      launched = null;
    },
    api,
    /** What comes of a POST; it throws where that is refused, or nobody is there. */
    async post<T>(path: string, body: object): Promise<T> {
      const answer = await api(path, { method: "POST", body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
      return (await answer.json()) as T;
    },
  };
}
