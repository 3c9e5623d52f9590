import { observe } from "#adapters/observing.ts";
import { tracedEnv } from "#adapters/traced-env.ts";
import { app } from "#workers/http/app.ts";

export { Operations } from "#workers/operations.ts";

/** Ends requests. */
observe();

export default {
  fetch: (request, env, ctx) => app.fetch(request, tracedEnv(env), ctx),
} satisfies ExportedHandler<Env>;
