import { describe } from "vitest";
import { inBrowser } from "./in-browser.ts";
import { peopleJourneys } from "./console/people.ts";
import { keyJourneys } from "./console/keys.ts";
import { sessionJourneys } from "./console/session.ts";
import { settingJourneys } from "./console/settings.ts";
import { auditJourneys } from "./console/audit.ts";
import { memberJourneys } from "./console/members.ts";
import { policyJourneys } from "./console/policies.ts";

// The console's screens of people, and of who may do what, in a real browser (console.test.ts).
const place = inBrowser({ host: "localhost", env: { WISHUB_SIGNUP: "open" } });

describe("the console, for people", { timeout: 60_000 }, () => {
  peopleJourneys(place);
  keyJourneys(place);
  sessionJourneys(place);
  settingJourneys(place);
  auditJourneys(place);
  memberJourneys(place);
  policyJourneys(place);
});
