import { afterAll, describe } from "vitest";
import { inBrowser } from "./in-browser.ts";
import { vendorServer } from "./vendor-server.ts";
import { webhookReceiver } from "./webhook-receiver.ts";
import { consoleJourneys } from "./console/console.ts";
import { frameJourneys } from "./console/frame.ts";
import { peopleJourneys } from "./console/people.ts";
import { renewedJourneys } from "./console/renewed.ts";
import { subPathJourneys } from "./console/sub-path.ts";
import { knowledgeJourneys } from "./console/knowledge.ts";
import { agentJourneys } from "./console/agents.ts";
import { eventJourneys } from "./console/events.ts";
import { taskJourneys } from "./console/tasks.ts";
import { alertJourneys } from "./console/alerts.ts";
import { auditJourneys } from "./console/audit.ts";
import { keyJourneys } from "./console/keys.ts";
import { reviewJourneys } from "./console/review.ts";
import { sessionJourneys } from "./console/session.ts";
import { settingJourneys } from "./console/settings.ts";
import { channelJourneys } from "./console/channels.ts";
import { memberJourneys } from "./console/members.ts";
import { narrowJourneys } from "./console/narrow.ts";
import { policyJourneys } from "./console/policies.ts";
import { webhookJourneys } from "./console/webhooks.ts";
import { mapJourneys } from "./console/map.ts";
import { sizeJourneys } from "./console/sizes.ts";
import { walkJourneys } from "./console/walk.ts";
import { traceJourneys } from "./console/traces.ts";

// The console and the API explorer in a real browser, against the product as `npm start` serves it: one start and one
// browser for them all. A passkey belongs to a name, so the product has one here. Two programs outside stand beside it,
// which it may call.
const vendor = await vendorServer("webhook");
const receiver = await webhookReceiver();
afterAll(() => Promise.all([vendor.close(), receiver.close()]));
const place = inBrowser({
  host: "localhost",
  env: { WISHUB_SIGNUP: "open", WISHUB_EGRESS_ALLOW: `${vendor.url},${receiver.url}` },
});

describe("the console", { timeout: 60_000 }, () => {
  consoleJourneys(place);
  frameJourneys(place);
  knowledgeJourneys(place);
  eventJourneys(place);
  taskJourneys(place);
  agentJourneys(place);
  alertJourneys(place, receiver);
  traceJourneys(place);
  keyJourneys(place);
  sessionJourneys(place);
  auditJourneys(place);
  settingJourneys(place);
  reviewJourneys(place);
  memberJourneys(place);
  policyJourneys(place);
  channelJourneys(place, vendor);
  webhookJourneys(place, receiver);
  mapJourneys(place);
  sizeJourneys(place);
  walkJourneys(place);
  narrowJourneys(place, vendor, receiver);
  subPathJourneys(place);
  renewedJourneys(place);
});
describe("the console, for people", { timeout: 60_000 }, () => peopleJourneys(place));
