export { Account } from "#objects/account.ts";
export { Relay } from "#objects/relay.ts";

/** Holds the Durable Objects, which are reached by their bindings and never by a request. */
export default {
  fetch: () => new Response(null, { status: 404 }),
} satisfies ExportedHandler<Env>;
