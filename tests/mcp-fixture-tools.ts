import {
  completable,
  fromJsonSchema,
  type JsonSchemaType,
  McpServer,
  ResourceTemplate,
  type ServerContext,
  type ToolCallback,
} from "@modelcontextprotocol/server";
import { z } from "zod";
import { asksTheirClient, states } from "./mcp-fixture-asking.ts";

/** One red pixel. */
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
/** A WAV of no samples. */
const WAV = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=";
const wait = async (ms: number): Promise<void> => await new Promise((done) => setTimeout(done, ms));
const text = (said: string) => ({ content: [{ type: "text" as const, text: said }] });
const image = { type: "image" as const, data: PNG, mimeType: "image/png" };

/** What the suite calls a server that has everything. */
export function fixtureServer(): McpServer {
  const server = new McpServer(
    { name: "wishub-fixture", version: "1" },
    {
      capabilities: {
        tools: { listChanged: false },
        prompts: { listChanged: false },
        resources: { subscribe: true, listChanged: false },
        logging: {},
        completions: {},
      },
      requestState: { verify: states.verify },
    },
  );
  contents(server);
  resources(server);
  prompts(server);
  asksTheirClient(server);
  return server;
}

function contents(server: McpServer): void {
  const tool = (name: string, run: ToolCallback) =>
    server.registerTool(name, { description: `${name} of the public suite` }, run);
  tool("test_simple_text", () => text("This is a simple text response for testing."));
  tool("test_image_content", () => ({ content: [image] }));
  tool("test_audio_content", () => ({
    content: [{ type: "audio", data: WAV, mimeType: "audio/wav" }],
  }));
  const embedded = { uri: "test://embedded-resource", mimeType: "text/plain" };
  tool("test_embedded_resource", () => ({
    content: [
      {
        type: "resource",
        resource: { ...embedded, text: "This is an embedded resource content." },
      },
    ],
  }));
  const mixed = { uri: "test://mixed-content-resource", mimeType: "application/json" };
  tool("test_multiple_content_types", () => ({
    content: [
      { type: "text", text: "Multiple content types test:" },
      image,
      { type: "resource", resource: { ...mixed, text: '{"test":"data","value":123}' } },
    ],
  }));
  tool("test_error_handling", () => ({
    ...text("This tool intentionally returns an error for testing"),
    isError: true,
  }));
  const logging = async ({ mcpReq }: ServerContext) => {
    for (const said of ["started", "processing data", "completed"]) {
      await mcpReq.log(
        "info",
        said === "processing data" ? `Tool ${said}` : `Tool execution ${said}`,
      );
      await wait(50);
    }
    return text("It was logged.");
  };
  tool("test_tool_with_logging", logging);
  tool("test_logging_tool", logging);
  tool("test_tool_with_progress", async ({ mcpReq }: ServerContext) => {
    const token = mcpReq._meta?.progressToken;
    for (const progress of [0, 50, 100]) {
      const params = { progressToken: token ?? "", progress, total: 100 };
      if (token !== undefined) await mcpReq.notify({ method: "notifications/progress", params });
      await wait(50);
    }
    return text("It was done.");
  });
  tool("test_reconnection", async ({ http }: ServerContext) => {
    http?.closeSSE?.();
    await wait(100);
    return text("It was told to whoever came back.");
  });
  server.registerTool(
    "test_headers",
    { description: "Repeats an argument in a header", inputSchema: fromJsonSchema(IN_HEADERS) },
    () => text("The header said the same."),
  );
  server.registerTool(
    "json_schema_2020_12_tool",
    {
      description: "Tool with JSON Schema 2020-12 features",
      inputSchema: fromJsonSchema(SCHEMA_2020_12),
    },
    () => text("It was understood."),
  );
}

const REGION: object = { type: "string", "x-mcp-header": "Region" };
const IN_HEADERS: JsonSchemaType = {
  type: "object",
  properties: { region: REGION },
  required: ["region"],
};

/** Every keyword of 2020-12 that the suite looks for. */
const SCHEMA_2020_12: JsonSchemaType = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  $defs: {
    address: {
      $anchor: "addressDef",
      type: "object",
      properties: { street: { type: "string" }, city: { type: "string" } },
    },
  },
  properties: {
    name: { type: "string" },
    address: { $ref: "#/$defs/address" },
    contactMethod: { type: "string", enum: ["phone", "email"] },
    phone: { type: "string" },
    email: { type: "string" },
  },
  allOf: [{ anyOf: [{ required: ["phone"] }, { required: ["email"] }] }],
  if: { properties: { contactMethod: { const: "phone" } }, required: ["contactMethod"] },
  // oxlint-disable-next-line unicorn/no-thenable -- the name of a keyword of JSON Schema
  then: { required: ["phone"] },
  else: { required: ["email"] },
  additionalProperties: false,
};

function resources(server: McpServer): void {
  const described = (name: string, mimeType: string) => ({
    title: name,
    description: `${name} of the public suite`,
    mimeType,
  });
  const plain = (uri: string, name: string, said: string) =>
    server.registerResource(name, uri, described(name, "text/plain"), () => ({
      contents: [{ uri, mimeType: "text/plain", text: said }],
    }));
  plain("test://static-text", "static-text", "This is the content of the static text resource.");
  plain("test://watched-resource", "watched-resource", "Nothing ever changes here.");
  server.registerResource(
    "static-binary",
    "test://static-binary",
    described("static-binary", "image/png"),
    () => ({ contents: [{ uri: "test://static-binary", mimeType: "image/png", blob: PNG }] }),
  );
  server.registerResource(
    "template",
    new ResourceTemplate("test://template/{id}/data", { list: undefined }),
    described("template", "application/json"),
    ({ href }, { id }) => ({
      contents: [
        {
          uri: href,
          mimeType: "application/json",
          text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${String(id)}` }),
        },
      ],
    }),
  );
  server.server.setRequestHandler("resources/subscribe", () => ({}));
  server.server.setRequestHandler("resources/unsubscribe", () => ({}));
}

function prompts(server: McpServer): void {
  const said = (body: string) => ({
    role: "user" as const,
    content: { type: "text" as const, text: body },
  });
  const described = { description: "A prompt of the public suite" };
  server.registerPrompt("test_simple_prompt", described, () => ({
    messages: [said("This is a simple prompt for testing.")],
  }));
  const argument = () => completable(z.string(), () => ["paris", "park", "party"]);
  server.registerPrompt(
    "test_prompt_with_arguments",
    { ...described, argsSchema: z.object({ arg1: argument(), arg2: argument() }) },
    ({ arg1, arg2 }) => ({
      messages: [said(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)],
    }),
  );
  server.registerPrompt(
    "test_prompt_with_embedded_resource",
    { ...described, argsSchema: z.object({ resourceUri: z.string() }) },
    ({ resourceUri }) => ({
      messages: [
        {
          role: "user",
          content: {
            type: "resource",
            resource: {
              uri: resourceUri,
              mimeType: "text/plain",
              text: "Embedded resource content for testing.",
            },
          },
        },
        said("Please process the embedded resource above."),
      ],
    }),
  );
  server.registerPrompt("test_prompt_with_image", described, () => ({
    messages: [{ role: "user", content: image }, said("Please analyze the image above.")],
  }));
}
