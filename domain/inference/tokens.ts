import type { ChatInput } from "./model.ts";

const CHARS_A_TOKEN = 4;
/** Role and delimiters of a message. */
const MESSAGE_TOKENS = 4;
/** An image counts for as much as large models take one for. */
const IMAGE_TOKENS = 1_024;
/** What a chat is held for where its caller sets no bound. */
export const COMPLETION_TOKENS_DEFAULT = 4_096;

/**
 * About how many tokens a text is: a letter of Chinese, Japanese or Korean is about one, of other writings there are
 * about four letters to one. For holding a budget, and for settling it where a model does not count.
 */
export function tokensIn(text: string): number {
  let dense = 0;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x2e80) dense++;
  return dense + Math.ceil((text.length - dense) / CHARS_A_TOKEN);
}

export const tokensInAll = (texts: readonly string[]): number =>
  texts.reduce((sum, text) => sum + tokensIn(text), 0);

/** Of everything that a chat's model reads. */
export function promptTokens({ messages, tools, response_format }: ChatInput): number {
  let sum = tokensIn(JSON.stringify([tools ?? [], response_format ?? {}]));
  for (const { content, tool_calls } of messages) {
    sum += MESSAGE_TOKENS + tokensIn(JSON.stringify(tool_calls ?? []));
    if (typeof content === "string") sum += tokensIn(content);
    else
      for (const part of content ?? [])
        sum += part.type === "text" ? tokensIn(part.text) : IMAGE_TOKENS;
  }
  return sum;
}

/** The most that a chat's model may write, in all its choices. */
export function completionTokens({ max_tokens, max_completion_tokens, n }: ChatInput): number {
  return (max_completion_tokens ?? max_tokens ?? COMPLETION_TOKENS_DEFAULT) * (n ?? 1);
}
