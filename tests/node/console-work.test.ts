import { afterAll, describe } from "vitest";
import { inBrowser } from "./in-browser.ts";
import { vendorServer } from "./vendor-server.ts";
import { webhookReceiver } from "./webhook-receiver.ts";
import { agentJourneys } from "./console/agents.ts";
import { taskJourneys } from "./console/tasks.ts";
import { eventJourneys } from "./console/events.ts";
import { alertJourneys } from "./console/alerts.ts";
import { traceJourneys } from "./console/traces.ts";
import { channelJourneys } from "./console/channels.ts";
import { webhookJourneys } from "./console/webhooks.ts";
import { mapJourneys } from "./console/map.ts";
import { narrowJourneys } from "./console/narrow.ts";

// The console's screens of agents, their work and what is told of it, in a real browser (console.test.ts). Two programs
// outside stand beside the product, which it may call.
const vendor = await vendorServer("webhook");
const receiver = await webhookReceiver();
afterAll(() => Promise.all([vendor.close(), receiver.close()]));
const place = inBrowser({
  host: "localhost",
  env: { WISHUB_SIGNUP: "open", WISHUB_EGRESS_ALLOW: `${vendor.url},${receiver.url}` },
});

describe("the console, of agents and work", { timeout: 60_000 }, () => {
  eventJourneys(place);
  agentJourneys(place);
  taskJourneys(place);
  alertJourneys(place, receiver);
  traceJourneys(place);
  channelJourneys(place, vendor);
  webhookJourneys(place, receiver);
  mapJourneys(place);
  narrowJourneys(place, vendor, receiver);
});
