import { consume } from "#workers/queues/consume.ts";

/** Does what the queues hand over, off the request path. */
export default { queue: consume } satisfies ExportedHandler<Env>;
