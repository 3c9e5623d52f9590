import { Role, type StreamResponse, type Task } from "@a2a-js/sdk";
import {
  type Client,
  ClientFactory,
  ClientFactoryOptions,
  JsonRpcTransportFactory,
  RestTransportFactory,
} from "@a2a-js/sdk/client";
import { exports } from "cloudflare:workers";
import { ORIGIN, type TestAccount } from "./helpers.ts";

export const TRANSPORTS = { JSONRPC: "", "HTTP+JSON": "/rest" } as const;
export type Transport = keyof typeof TRANSPORTS;

/** The official client of A2A, acting for an account, at an address of the product. */
export async function a2aClient(
  { apiKey }: Pick<TestAccount, "apiKey">,
  path: string,
  transport: Transport,
): Promise<Client> {
  const fetchImpl = (async (input: string, init: RequestInit) => {
    const headers = new Headers(init.headers);
    headers.set("Authorization", `Bearer ${apiKey}`);
    return await exports.default.fetch(new Request(input, { ...init, headers }));
  }) as unknown as typeof fetch;
  const transports = [
    new JsonRpcTransportFactory({ fetchImpl }),
    new RestTransportFactory({ fetchImpl }),
  ];
  const options = ClientFactoryOptions.createFrom(ClientFactoryOptions.default, {
    transports: transports.filter(({ protocolName }) => protocolName === transport),
    preferredTransports: [transport],
  });
  return await new ClientFactory(options).createFromAgentCard({
    name: "Called",
    description: "",
    version: "1",
    supportedInterfaces: [
      {
        url: `${ORIGIN}${path}${TRANSPORTS[transport]}`,
        protocolBinding: transport,
        protocolVersion: "1.0",
        tenant: "",
      },
    ],
    capabilities: { streaming: true, pushNotifications: true, extensions: [] },
    defaultInputModes: ["text/plain"],
    defaultOutputModes: ["text/plain"],
    provider: undefined,
    securitySchemes: {},
    securityRequirements: [],
    skills: [],
    signatures: [],
  });
}

type More = { taskId?: string; contextId?: string; returnImmediately?: boolean };

/** What a client sends to say some words. */
export const saying = (words: string, { returnImmediately = false, ...more }: More = {}) => ({
  tenant: "",
  message: {
    messageId: crypto.randomUUID(),
    role: Role.ROLE_USER,
    parts: [
      {
        content: { $case: "text" as const, value: words },
        metadata: {},
        filename: "",
        mediaType: "",
      },
    ],
    taskId: "",
    contextId: "",
    metadata: {},
    extensions: [],
    referenceTaskIds: [],
    ...more,
  },
  configuration: {
    acceptedOutputModes: [],
    taskPushNotificationConfig: undefined,
    historyLength: undefined,
    returnImmediately,
  },
  metadata: {},
});

export async function taskOf(client: Client, words: string, more: More = {}): Promise<Task> {
  const result = await client.sendMessage(saying(words, more));
  if (!("status" in result)) throw new Error("a message came where a task was expected");
  return result;
}

export async function all(stream: AsyncIterable<StreamResponse>): Promise<StreamResponse[]> {
  const found = [];
  for await (const one of stream) found.push(one);
  return found;
}

/** What was said in a stream, one text a thing. */
export const told = (events: readonly StreamResponse[]): string[] =>
  events.map(({ payload }) => {
    if (payload?.$case === "artifactUpdate")
      return payload.value.artifact?.parts.map(({ content }) => content?.value).join() ?? "";
    if (payload?.$case === "statusUpdate" || payload?.$case === "task")
      return `${payload.$case} ${payload.value.status?.state}`;
    return payload?.$case ?? "";
  });
