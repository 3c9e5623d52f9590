import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import type { Ocr } from "#gpu-backend/ocr/ocr.ts";
import type { Rerank } from "#gpu-backend/rerank.ts";
import { Failure } from "./failure.ts";
import type { Abilities } from "./kinds.ts";

/** What this backend can beside what every backend can, as jobs ask for it. */
export function abilitiesOf({ rerank, ocr }: { rerank?: Rerank; ocr?: Ocr }): Abilities {
  return {
    ...(rerank && {
      async rerank({ query, documents }, signal) {
        const ranked = await rerank(query, documents, signal);
        if (!ranked.ok) throw failure(ranked.error);
        return ranked.value;
      },
    }),
    ...(ocr && {
      async ocr(image, signal) {
        const read = await ocr.read(image, signal);
        if (!read.ok) throw failure(read.error);
        const lines = read.value.slice(0, LIMITS.jobLinesMax);
        const text = lines.map((line) => line.text).join("\n");
        return { text: text.slice(0, LIMITS.unitBodyCharsMax), lines };
      },
    }),
  };
}

/** What is wrong with the input stays wrong; what is busy or broken elsewhere may be well the next time. */
function failure({ code, detail = code, retryAfterS = 0 }: Problem): Failure {
  return new Failure(detail, { final: code === "invalid-request", delayMs: retryAfterS * 1_000 });
}
