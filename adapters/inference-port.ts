import type { Inference } from "#domain/inference/infer.ts";
import { kept } from "#domain/shared/kept.ts";
import { sha256Hex } from "#domain/shared/hash.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { embedding } from "#adapters/inference.ts";
import { inferenceBudget } from "#adapters/inference-budget.ts";
import { inferenceModels } from "#adapters/inference-models.ts";
import { measuredModels } from "#adapters/measured-models.ts";

type KeptAnswer = { text: string; bytes: number; untilMs: number };

/** Models for callers: what they may use, what it takes of their accounts, and answers given a short while ago. */
export function inferencePort(env: Env, embed: ReturnType<typeof embedding>) {
  const answers = kept<KeptAnswer>(LIMITS.inferenceKeptBytesMax);
  const newId = () => crypto.randomUUID().replaceAll("-", "");
  const all: Inference = { ...inferenceModels(env, embed), ...inferenceBudget(env), newId };
  const port = measuredModels(all);
  return {
    ...port,
    /** Tokens as the account's object counts them. */
    use: async (accountId: string) => await env.ACCOUNT.getByName(accountId).tokenState(),
    bind: async (accountId: string, bound: number | null) =>
      await env.ACCOUNT.getByName(accountId).bindTokens(bound),
    /** A name for what is asked: of one account, since who else asked the same is nobody's business. */
    nameOf: async (accountId: string, model: string, input: object): Promise<string> =>
      await sha256Hex(JSON.stringify([accountId, model, input])),
    /** The answer's JSON text, if the same was asked a short while ago. */
    answered(name: string, nowMs: number): string | null {
      const answer = answers.get(name);
      return answer === undefined || answer.untilMs <= nowMs ? null : answer.text;
    },
    answer(name: string, text: string, nowMs: number): void {
      const untilMs = nowMs + LIMITS.inferenceKeptMs;
      answers.set(name, { text, bytes: 2 * text.length, untilMs });
    },
  };
}
