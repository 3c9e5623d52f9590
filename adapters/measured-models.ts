import type { Inference, InferenceFailure } from "#domain/inference/infer.ts";
import type { Model } from "#domain/inference/models.ts";
import { meterTokens } from "#domain/usage/metering.ts";
import { gathering } from "#domain/metrics/gathering.ts";
import type { Result } from "#domain/shared/result.ts";

/** Models whose calls are measured, and the tokens that they read and write. A stream's duration is that of its opening. */
export function measuredModels(models: Inference): Inference {
  return {
    ...models,
    ask: async (model, input) => await timed(model, () => models.ask(model, input)),
    stream: async (model, input) => await timed(model, () => models.stream(model, input)),
    vectors: async (model, texts) => await timed(model, () => models.vectors(model, texts)),
    settle(asker, settlement) {
      const { model, kind, prompt, completion } = settlement;
      const nowMs = Date.now();
      const labels = { model, kind };
      const name = "wishub_model_tokens_total";
      if (prompt > 0) gathering.record(name, { ...labels, direction: "read" }, prompt, nowMs);
      if (completion > 0)
        gathering.record(name, { ...labels, direction: "written" }, completion, nowMs);
      meterTokens(asker.accountId, prompt + completion, nowMs);
      models.settle(asker, settlement);
    },
  };
}

async function timed<T>(
  { id: model, kind }: Model,
  work: () => Promise<Result<T, InferenceFailure>>,
): Promise<Result<T, InferenceFailure>> {
  const beganMs = Date.now();
  let outcome = "failed";
  try {
    const answer = await work();
    outcome = answer.ok ? "ok" : answer.error.code;
    return answer;
  } finally {
    const nowMs = Date.now();
    const labels = { model, kind, outcome };
    const tookS = (nowMs - beganMs) / 1_000;
    gathering.record("wishub_model_call_duration_seconds", labels, tookS, nowMs);
  }
}
