import { app } from "#workers/http/app.ts";

/** Ends requests. */
export default { fetch: app.fetch } satisfies ExportedHandler<Env>;
