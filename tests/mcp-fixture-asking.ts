import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  createRequestStateCodec,
  type ElicitRequestFormParams,
  inputRequired,
  inputResponse,
  type McpServer,
  type ServerContext,
  type ToolCallback,
} from "@modelcontextprotocol/server";
import { z } from "zod";

/** What the suite's tools remember between two rounds; it goes to the client and back, signed. */
export const states = createRequestStateCodec<{ step: number }>({
  key: "the fixture's own secret, which protects nothing at all",
});

const text = (said: string) => ({ content: [{ type: "text" as const, text: said }] });
const isText = { type: "object", properties: {}, required: [] as string[] } as const;
type Fields = ElicitRequestFormParams["requestedSchema"]["properties"];
const form = (message: string, properties: Fields, required: string[] = []) =>
  inputRequired.elicit({ message, requestedSchema: { ...isText, properties, required } });
const sampling = (said: string, maxTokens: number) =>
  inputRequired.createMessage({
    messages: [{ role: "user", content: { type: "text", text: said } }],
    maxTokens,
  });
const named = (message: string) => form(message, { name: { type: "string" } }, ["name"]);

/** Tools that need something of their client: asked in the midst of the call, or by ending it and being called again. */
export function asksTheirClient(server: McpServer): void {
  const tool = (name: string, run: ToolCallback) =>
    server.registerTool(name, { description: `${name} of the public suite` }, run);

  const asked = (name: string, message: string, properties: Fields) =>
    tool(name, ({ mcpReq: { inputResponses } }) => {
      const given = inputResponse(inputResponses, "form");
      if (given.kind !== "elicit")
        return inputRequired({ inputRequests: { form: form(message, properties) } });
      const { action, content } = given;
      return text(`Elicitation completed: action=${action}, content=${JSON.stringify(content)}`);
    });
  asked("test_elicitation_sep1034_defaults", "Please review", DEFAULTS);
  asked("test_elicitation_sep1330_enums", "Please choose", ENUMS);
  asked("test_streaming_elicitation", "Please confirm", { ok: { type: "boolean" } });

  server.registerTool(
    "test_elicitation",
    { description: "Asks the user", inputSchema: z.object({ message: z.string() }) },
    ({ message }, { mcpReq: { inputResponses } }) => {
      const given = inputResponse(inputResponses, "user");
      if (given.kind === "elicit") return text(`User response: ${JSON.stringify(given)}`);
      const fields: Fields = {
        username: { type: "string", description: "User's response" },
        email: { type: "string", description: "User's email address" },
      };
      return inputRequired({
        inputRequests: { user: form(message, fields, ["username", "email"]) },
      });
    },
  );
  server.registerTool(
    "test_sampling",
    { description: "Asks the client's model", inputSchema: z.object({ prompt: z.string() }) },
    ({ prompt }, { mcpReq: { inputResponses } }) => {
      const given = inputResponse(inputResponses, "model");
      if (given.kind !== "sampling")
        return inputRequired({ inputRequests: { model: sampling(prompt, 100) } });
      return text(`LLM response: ${JSON.stringify(given.result.content)}`);
    },
  );
  tool("test_missing_capability", ({ mcpReq: { inputResponses } }) =>
    inputResponse(inputResponses, "model").kind === "sampling"
      ? text("It has the capability.")
      : inputRequired({ inputRequests: { model: sampling("Anything", 10) } }),
  );
  inRounds(server, tool);
}

const DEFAULTS: Fields = {
  name: { type: "string", default: "John Doe" },
  age: { type: "integer", default: 30 },
  score: { type: "number", default: 95.5 },
  status: { type: "string", enum: ["active", "inactive", "pending"], default: "active" },
  verified: { type: "boolean", default: true },
};

const OPTIONS = ["option1", "option2", "option3"];
const titled = (titles: string[]) => titles.map((title, i) => ({ const: `value${i + 1}`, title }));
const ENUMS: Fields = {
  untitledSingle: { type: "string", enum: OPTIONS },
  titledSingle: {
    type: "string",
    oneOf: titled(["First Option", "Second Option", "Third Option"]),
  },
  legacyEnum: {
    type: "string",
    enum: ["opt1", "opt2", "opt3"],
    enumNames: ["Option One", "Option Two", "Option Three"],
  },
  untitledMulti: { type: "array", items: { type: "string", enum: OPTIONS } },
  titledMulti: {
    type: "array",
    items: { anyOf: titled(["First Choice", "Second Choice", "Third Choice"]) },
  },
};

const isName = z.object({ name: z.string() });

function inRounds(server: McpServer, tool: (name: string, run: ToolCallback) => unknown): void {
  tool("test_input_required_result_elicitation", ({ mcpReq: { inputResponses } }) => {
    const given = acceptedContent(inputResponses, "user_name", isName);
    if (given !== undefined) return text(`Hello, ${given.name}!`);
    return inputRequired({ inputRequests: { user_name: named("What is your name?") } });
  });
  tool("test_input_required_result_sampling", ({ mcpReq: { inputResponses } }) => {
    const given = inputResponse(inputResponses, "capital_question");
    if (given.kind === "sampling") return text(JSON.stringify(given.result.content));
    const capital_question = sampling("What is the capital of France?", 100);
    return inputRequired({ inputRequests: { capital_question } });
  });
  tool("test_input_required_result_list_roots", ({ mcpReq: { inputResponses } }) => {
    const given = inputResponse(inputResponses, "client_roots");
    if (given.kind === "roots") return text(given.roots.map(({ uri }) => uri).join(", "));
    return inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } });
  });
  tool("test_input_required_result_capabilities", ({ mcpReq }) => {
    const declared = mcpReq._meta?.[CLIENT_CAPABILITIES_META_KEY] ?? mcpReq.envelope;
    const can = JSON.stringify(declared ?? {});
    return inputRequired({
      inputRequests: {
        ...(can.includes('"sampling"') && { model: sampling("Anything", 10) }),
        ...(can.includes('"elicitation"') && { user: named("What is your name?") }),
      },
    });
  });
  const confirmed = async (context: ServerContext) => {
    const { mcpReq } = context;
    if (mcpReq.requestState() !== undefined) return text("state-ok");
    const confirm = form("Please confirm", { ok: { type: "boolean" } }, ["ok"]);
    const requestState = await states.mint({ step: 1 }, context);
    return inputRequired({ inputRequests: { confirm }, requestState });
  };
  tool("test_input_required_result_request_state", confirmed);
  tool("test_input_required_result_tampered_state", confirmed);
  tool("test_input_required_result_multiple_inputs", async (context) => {
    const { mcpReq } = context;
    const given = acceptedContent(mcpReq.inputResponses, "user_name", isName);
    if (given !== undefined && mcpReq.requestState() !== undefined) return text(given.name);
    return inputRequired({
      inputRequests: {
        user_name: named("What is your name?"),
        greeting: sampling("Generate a greeting", 50),
        client_roots: inputRequired.listRoots(),
      },
      requestState: await states.mint({ step: 1 }, context),
    });
  });
  tool("test_input_required_result_multi_round", async (context) => {
    const step = context.mcpReq.requestState<{ step: number }>()?.step ?? 0;
    if (step === 2) return text("It has both.");
    const requestState = await states.mint({ step: step + 1 }, context);
    const step2 = form("Step 2: What is your favorite color?", { color: { type: "string" } }, [
      "color",
    ]);
    return step === 1
      ? inputRequired({ inputRequests: { step2 }, requestState })
      : inputRequired({
          inputRequests: { step1: named("Step 1: What is your name?") },
          requestState,
        });
  });
  server.registerPrompt(
    "test_input_required_result_prompt",
    { description: "A prompt that asks first" },
    ({ mcpReq: { inputResponses } }) => {
      const given = acceptedContent(
        inputResponses,
        "user_context",
        z.object({ context: z.string() }),
      );
      if (given === undefined) {
        const fields: Fields = { context: { type: "string" } };
        const user_context = form("What context should the prompt use?", fields, ["context"]);
        return inputRequired({ inputRequests: { user_context } });
      }
      return { messages: [{ role: "user", content: { type: "text", text: given.context } }] };
    },
  );
}
