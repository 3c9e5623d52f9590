import { WisHubError } from "./error.ts";
import { readLines } from "./ndjson.ts";
import type { Operations } from "./types.ts";

export type ChatRequest = Operations["POST /v1/inference/chat"]["body"];

type Chunk = {
  choices?: { delta?: { content?: string | null } }[];
  error?: { message: string; code: string };
};

/** The text of a streamed answer; one that ends without saying so is no whole answer. */
export async function* chatPieces(answer: Promise<Response>): AsyncGenerator<string> {
  const { body } = await answer;
  for await (const line of readLines(body ?? new Blob([]).stream())) {
    if (!line.startsWith("data: ")) continue;
    const data = line.slice("data: ".length);
    if (data === "[DONE]") return;
    const { choices, error } = JSON.parse(data) as Chunk;
    if (error !== undefined) throw broken(error.code, error.message);
    const text = choices?.[0]?.delta?.content;
    if (text) yield text;
  }
  throw broken("network", "the answer was cut off");
}

const broken = (code: string, detail: string) =>
  new WisHubError({ type: "about:blank", title: detail, status: 502, code, detail });
