import { z } from "zod";
import type { Hop } from "#domain/delegation/hop.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";

/** How a sender asks that what it sends be work handed on. What chain it is in, the platform knows. */
export const delegationInput = z.strictObject({
  /** The work that this is for: the id of a delegation or a task that the agent holds. Needed where it holds several. */
  of: text(LIMITS.idCharsMax).optional(),
  /** How many hops may come of it; half of what is left unless given. */
  budget: z.int().min(0).max(LIMITS.delegationBudgetMax).optional(),
  /** When it is over, if that is before the work that it is for is. */
  deadline: z.iso.datetime({ offset: true }).optional(),
});
export type DelegationInput = z.output<typeof delegationInput>;

/** What an agent is told of the work it is given. */
export const delegationView = z.object({
  id: z.string(),
  /** Every agent that it came by, the first one first. */
  chain: z.array(z.string()),
  /** How many hops may come of it still. */
  budget: z.int(),
  deadline: z.string(),
});

export const delegationViewOf = ({
  id,
  chain,
  budget,
  deadlineMs,
}: Hop): z.infer<typeof delegationView> => ({
  id,
  chain: [...chain],
  budget,
  deadline: new Date(deadlineMs).toISOString(),
});
