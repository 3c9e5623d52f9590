import { app } from "#workers/http/app.ts";

export { Operations } from "#workers/operations.ts";

/** Ends requests. */
export default { fetch: app.fetch } satisfies ExportedHandler<Env>;
