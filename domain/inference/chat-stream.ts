import { z } from "zod";
import { LIMITS } from "#domain/shared/limits.ts";
import { choicesFrom, usageFrom } from "./answers.ts";
import type { Usage } from "./model.ts";
import { tokensIn } from "./tokens.ts";

/** How the chunks of one answer are called. `created` in seconds. */
export type StreamHead = { id: string; model: string; created: number; includesUsage: boolean };

const count = z.int().min(0).max(LIMITS.inferenceTokensMax);
const chunk = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        index: z.int().min(0).optional(),
        delta: z.looseObject({ content: z.string().nullish() }).optional(),
        finish_reason: z.string().nullish(),
      }),
    )
    .max(LIMITS.chatChoicesMax),
  usage: z.looseObject({ completion_tokens: count.optional() }).nullish(),
});
/** Workers AI's older models stream so. */
const plainChunk = z.looseObject({ response: z.string().nullable() });

const DONE = "[DONE]";

/**
 * A chat's answer as it comes: what the model's server says, written anew as OpenAI's chunks. `take` is given the data of
 * each event and answers with what to tell the caller, or null where that is nothing that an answer can hold: then it is
 * over. An answer is whole only once its end was seen, so that one that was cut off is never taken for the whole.
 */
export class ChatStream {
  readonly #head: StreamHead;
  readonly #prompt: number;
  #written = 0;
  #told: Usage | null = null;
  #finished = false;
  #done = false;

  constructor(head: StreamHead, promptEstimate: number) {
    this.#head = head;
    this.#prompt = promptEstimate;
  }

  get isDone(): boolean {
    return this.#done;
  }

  /** Data of chunks, as JSON texts. */
  take(data: string): string[] | null {
    if (data === DONE) return this.#end();
    let value: unknown;
    try {
      value = JSON.parse(data);
    } catch {
      return null;
    }
    const parsed = chunk.safeParse(value);
    if (parsed.success) return this.#chunk(parsed.data);
    const plain = plainChunk.safeParse(value);
    return plain.success ? this.#plain(plain.data) : null;
  }

  /** The server says no more. Null where it should have. */
  finish(): string[] | null {
    if (this.#done) return [];
    return this.#finished ? this.#end() : null;
  }

  /** What was taken so far: as the model says, else as we estimate. */
  usage(): Usage {
    return this.#told ?? { prompt: this.#prompt, completion: this.#written };
  }

  #chunk(from: z.output<typeof chunk>): string[] {
    if (from.usage != null) this.#told = usageFrom(from, this.usage());
    if (from.choices.length === 0) return [];
    const choices = from.choices.map(({ index = 0, delta = {}, finish_reason = null, ...rest }) => {
      if (finish_reason !== null) this.#finished = true;
      this.#written += tokensIn(delta.content ?? JSON.stringify(delta["tool_calls"] ?? ""));
      return { ...rest, index, delta, finish_reason };
    });
    return [this.#text(choices)];
  }

  #plain(from: z.output<typeof plainChunk>): string[] {
    if ("usage" in from) this.#told = usageFrom(from, this.usage());
    const text = from.response ?? "";
    this.#finished = true; // its end is [DONE] alone, or the end of the stream
    const calls = choicesFrom({ ...from, response: text })?.[0]?.message["tool_calls"];
    if (text === "" && calls === undefined) return [];
    this.#written += tokensIn(text);
    const delta = { content: text, ...(calls !== undefined && { tool_calls: calls }) };
    return [this.#text([{ index: 0, delta, finish_reason: null }])];
  }

  #end(): string[] {
    this.#done = true;
    if (!this.#head.includesUsage) return [DONE];
    const { prompt, completion } = this.usage();
    const usage = {
      prompt_tokens: prompt,
      completion_tokens: completion,
      total_tokens: prompt + completion,
    };
    return [this.#text([], usage), DONE];
  }

  #text(choices: object[], usage: object | null = null): string {
    const { id, model, created, includesUsage } = this.#head;
    const object = "chat.completion.chunk";
    return JSON.stringify({
      id,
      object,
      created,
      model,
      choices,
      ...(includesUsage && { usage }),
    });
  }
}
