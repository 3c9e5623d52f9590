import { servicesOf } from "#adapters/index.ts";
import { verifyUnits } from "#domain/units/verify.ts";
import type { Handler } from "#workers/queues/consume.ts";

export const handleVerify: Handler = async (env, refs) => {
  await verifyUnits(servicesOf(env), refs, Date.now());
};
