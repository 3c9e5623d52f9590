import { describe } from "vitest";
import { inBrowser } from "./in-browser.ts";
import { consoleJourneys } from "./console/console.ts";
import { frameJourneys } from "./console/frame.ts";
import { knowledgeJourneys } from "./console/knowledge.ts";
import { reviewJourneys } from "./console/review.ts";
import { sizeJourneys } from "./console/sizes.ts";
import { walkJourneys } from "./console/walk.ts";
import { subPathJourneys } from "./console/sub-path.ts";
import { renewedJourneys } from "./console/renewed.ts";

// The console and the API explorer in a real browser, against the product as `npm start` serves it: one start and one
// browser for the journeys of a file. Its people and its work have files of their own. A passkey belongs to a name, so
// the product has one.
const place = inBrowser({ host: "localhost", env: { WISHUB_SIGNUP: "open" } });

describe("the console", { timeout: 60_000 }, () => {
  consoleJourneys(place);
  frameJourneys(place);
  knowledgeJourneys(place);
  reviewJourneys(place);
  sizeJourneys(place);
  walkJourneys(place);
  subPathJourneys(place);
  renewedJourneys(place);
});
