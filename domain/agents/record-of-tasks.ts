import { z } from "zod";
import { GRADES, gradeOf, type Quality, qualityFor, qualityView } from "#domain/agents/quality.ts";

/** What an agent's tasks have shown, of all of them and by what it says that it can do. */
export const taskRecordView = qualityView.omit({ value: true, of: true }).extend({
  success: z.number().describe("How likely it does the next task"),
  tasks: z.int().describe("Tasks that came to an end"),
  latencyMs: z.number().nullable().describe("The geometric mean; null where nobody measured"),
  credits: z.number().nullable().describe("What one cost on average; null where nobody said"),
  capabilities: z.array(z.object({ capability: z.string(), grade: z.enum(GRADES) })),
});

export function taskRecordOf(
  capabilities: readonly string[],
  quality: Quality | null,
  nowMs: number,
): z.infer<typeof taskRecordView> {
  const { value: _, of: __, ...known } = qualityFor(quality, [], nowMs);
  return {
    ...known,
    capabilities: capabilities.map((capability) => ({
      capability,
      grade: gradeOf(quality, capability, nowMs),
    })),
  };
}
