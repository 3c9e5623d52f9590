import { type AgentCard, generateAgentCardSignature, Role, TaskState } from "@a2a-js/sdk";
import {
  AgentEvent,
  type AgentExecutor,
  DefaultRequestHandler,
  InMemoryTaskStore,
  JsonRpcTransportHandler,
  ServerCallContext,
} from "@a2a-js/sdk/server";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

export type OutsideAgent = {
  url: string;
  cardUrl: string;
  /** Changes what its publisher says of it; `sign` false leaves an old signature under a new text. */
  publish(change: Record<string, unknown>, sign?: boolean): Promise<void>;
  /** How often its card was sent, and how often it was the one that was known. */
  cards: { sent: number; known: number };
  /** What the calls carried in `Authorization`. */
  authorizations: string[];
  close(): Promise<void>;
};

const TEXT = { mediaType: "text/plain", metadata: undefined, filename: "" };
const said = (text: string) => ({ ...TEXT, content: { $case: "text" as const, value: text } });
const messageOf = (text: string, contextId: string, taskId: string) => ({
  messageId: crypto.randomUUID(),
  role: Role.ROLE_AGENT,
  parts: [said(text)],
  contextId,
  taskId,
  metadata: undefined,
  extensions: [],
  referenceTaskIds: [],
});

/** Answers "hello" with a message, and everything else with a task that takes a moment. */
const executor: AgentExecutor = {
  async execute({ userMessage, taskId, contextId }, bus) {
    const [part] = userMessage.parts;
    const words = part?.content?.$case === "text" ? part.content.value : "";
    if (words === "hello") {
      bus.publish(AgentEvent.message(messageOf("hello to you", contextId, "")));
      return bus.finished();
    }
    const status = (state: TaskState) => ({
      state,
      message: undefined,
      timestamp: new Date().toISOString(),
    });
    const task = { id: taskId, contextId, artifacts: [], history: [], metadata: undefined };
    bus.publish(AgentEvent.task({ ...task, status: status(TaskState.TASK_STATE_WORKING) }));
    if (words === "wait") return;
    await new Promise((done) => setTimeout(done, 300));
    const artifact = {
      artifactId: "a",
      name: "echo",
      description: "",
      parts: [said(words.toUpperCase())],
      metadata: undefined,
      extensions: [],
    };
    const of = { taskId, contextId, metadata: undefined };
    bus.publish(AgentEvent.artifactUpdate({ ...of, artifact, append: false, lastChunk: true }));
    bus.publish(AgentEvent.statusUpdate({ ...of, status: status(TaskState.TASK_STATE_COMPLETED) }));
    bus.finished();
  },
  cancelTask(taskId, bus) {
    const status = { state: TaskState.TASK_STATE_CANCELED, message: undefined, timestamp: "" };
    bus.publish(AgentEvent.statusUpdate({ taskId, contextId: "", metadata: undefined, status }));
    bus.finished();
    return Promise.resolve();
  },
};

/** An agent of somebody else's, on the official SDK's server: its card is signed, cached by ETag, its keys are shown. */
export async function outsideAgent(): Promise<OutsideAgent> {
  const pair = await generateKeyPair("ES256", { extractable: true });
  const jwk: JWK = { ...(await exportJWK(pair.publicKey)), kid: "one", use: "sig", alg: "ES256" };
  let card: Record<string, unknown> = {};
  let handler: JsonRpcTransportHandler | undefined;
  const agent: OutsideAgent = {
    url: "",
    cardUrl: "",
    cards: { sent: 0, known: 0 },
    authorizations: [],
    async publish(change, sign = true) {
      const { signatures, ...plain } = { ...card, ...change };
      if (!sign) {
        card = { ...plain, signatures };
        return;
      }
      const header = { alg: "ES256", kid: "one", typ: "JOSE", jku: `${agent.url}/keys.json` };
      const signed = await generateAgentCardSignature(
        pair.privateKey,
        header,
      )(plain as unknown as AgentCard);
      card = { ...plain, signatures: signed.signatures };
    },
    close: () => Promise.resolve(),
  };
  const routes = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const json = (value: unknown, headers: Record<string, string> = {}) =>
      response
        .writeHead(200, { "Content-Type": "application/json", ...headers })
        .end(JSON.stringify(value));
    if (request.url === "/keys.json") return void json({ keys: [jwk] });
    if (request.url === "/card.json") {
      const etag = `"${String(card["version"])}"`;
      if (request.headers["if-none-match"] === etag) {
        agent.cards.known++;
        return void response.writeHead(304, { ETag: etag }).end();
      }
      agent.cards.sent++;
      return void json(card, { ETag: etag });
    }
    agent.authorizations.push(request.headers.authorization ?? "");
    let body = "";
    for await (const piece of request.setEncoding("utf8")) body += String(piece);
    const context = new ServerCallContext({ requestedVersion: "1.0" });
    json(await handler?.handle(body, context));
  };
  const server = createServer((request, response) => void routes(request, response));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  agent.url = `http://127.0.0.1:${address.port}`;
  agent.cardUrl = `${agent.url}/card.json`;
  card = {
    name: "Echo elsewhere",
    description: "Says again, louder, what it is told.",
    version: "1.0.0",
    supportedInterfaces: [
      { url: `${agent.url}/rpc`, protocolBinding: "JSONRPC", protocolVersion: "1.0", tenant: "" },
    ],
    capabilities: { streaming: false, pushNotifications: false, extensions: [] },
    defaultInputModes: ["text/plain"],
    defaultOutputModes: ["text/plain"],
    skills: [{ id: "Say It Again", name: "Echo", description: "Echoes.", tags: ["echo"] }],
    securitySchemes: {},
    securityRequirements: [],
  };
  await agent.publish({});
  handler = new JsonRpcTransportHandler(
    new DefaultRequestHandler(card as unknown as AgentCard, new InMemoryTaskStore(), executor),
  );
  agent.close = () => {
    server.closeAllConnections();
    return new Promise((done) => server.close(() => done()));
  };
  return agent;
}
