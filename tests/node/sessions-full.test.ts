import { afterEach, expect, it, vi } from "vitest";
import { sessionsIn } from "#domain/sessions/room.ts";
import { freePort } from "#scripts/launch/free-port.ts";
import { BareSocket } from "#bench/lib/socket.ts";
import { launch, processesOf, temporaryState } from "./launched.ts";
import { ownerOf } from "./owner.ts";

/** What many systems give a process that asks for no more. */
const FILES = 1_024;
const ROOM = sessionsIn(FILES);

const state = temporaryState();
let launched: ReturnType<typeof launch> | undefined;
afterEach(async () => {
  launched?.process.kill("SIGTERM");
  await launched?.ended;
  state.remove();
});

it("has as many sessions awake as it has files for, refuses the next, and lives", async () => {
  launched = launch({ state: state.path, port: await freePort(), openFiles: FILES });
  await launched.ready();
  const { url } = launched;
  const { apiKey } = ownerOf(state.path);
  const authorization = `Bearer ${apiKey}`;
  const agentOf = async (n: number): Promise<string> => {
    const made = await fetch(`${url}/v1/agents`, {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: JSON.stringify({
        name: `Full ${n}`,
        type: "analysis",
        description: "Listens.",
        capabilities: [],
      }),
    });
    return ((await made.json()) as { id: string }).id;
  };
  const open = async (agent: string) => {
    let onAnswer = (_text: string) => {};
    const socket = await BareSocket.open(
      `${url}/v1/agents/${agent}/session`,
      { authorization },
      (text) => {
        if (text.includes('"type":"answer"')) onAnswer(text);
      },
    );
    const echo = (): Promise<string> => {
      const { promise, resolve } = Promise.withResolvers<string>();
      onAnswer = resolve;
      socket.send(JSON.stringify({ type: "echo", id: "e", body: "water" }));
      return promise;
    };
    return { socket, echo };
  };
  // One after the other: each connection of a request takes files too.
  const agents: string[] = [];
  while (agents.length <= ROOM) agents.push(await agentOf(agents.length));
  const late = agents.pop() ?? "";
  const before = new Set(processesOf(state.path));

  const sessions = await Promise.all(agents.map(open));
  const refused = await open(late).catch(String);
  expect(refused).toContain("503");
  expect(refused).toMatch(/retry-after: 30/i);
  expect(refused).toContain('"code":"overloaded"');
  for (const said of await Promise.all(sessions.map(({ echo }) => echo())))
    expect(said).toContain("water");
  expect(new Set(processesOf(state.path))).toEqual(before);

  // One that leaves makes room, as soon as its object has heard of it.
  sessions.pop()?.socket.close();
  await vi.waitFor(async () => sessions.push(await open(late)), 10_000);
  expect(await sessions.at(-1)?.echo()).toContain("water");
  for (const { socket } of sessions) socket.close();
});
