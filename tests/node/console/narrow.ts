import { expect, it } from "vitest";
import { pictured, type Place } from "#tests/node/in-browser.ts";
import { ownerOf } from "#tests/node/owner.ts";
import { brought, type ServedVendor } from "#tests/node/vendor-server.ts";
import type { Receiver } from "#tests/node/webhook-receiver.ts";
import { peopleOf, POLLED } from "./person.ts";

const WIDTH = 360;
const PHONE_PX = 375;
const TRACE_ID = "7bf92f3577b34da6a3ce929d0e0e4732";
const SCREENS = ["/people", "/policies", "/channels/new", "/webhooks/new", "/alerts"];

/** Screens as a telephone has them. */
export function narrowJourneys(
  { signedIn, url, state }: Place,
  vendor: ServedVendor,
  receiver: Receiver,
): void {
  const { byOwner } = peopleOf(url, state);

  it(
    "fits a small screen in each language, also where names are long",
    { timeout: 120_000 },
    async () => {
      const name = `Donaudampfschifffahrtsgesellschaftskapitaen ${"אבג".repeat(12)}`;
      const { id } = (await byOwner("POST", "/v1/agents", {
        name,
        type: "query",
        description: "x".repeat(500),
        capabilities: [],
      })) as { id: string };
      const { page, complaints } = await signedIn("/", { width: WIDTH });
      for (const path of [...SCREENS, `/agent/${id}`]) {
        await page.evaluate((hash) => location.assign(hash), `#${path}`);
        await page.waitForSelector("main h1");
        for (const language of ["zh", "ja", "es", "en"]) {
          await page.evaluate((one) => localStorage.setItem("wishub-language", one), language);
          await page.reload();
          await page.waitForSelector(`html[lang=${language}] main h1`);
          await page.waitForSelector("main .skeleton-line", { state: "detached" });
          const width = await page.evaluate("document.documentElement.scrollWidth");
          expect({ path, language, width }).toEqual({ path, language, width: WIDTH });
        }
      }
      expect(complaints).toEqual([]);
    },
  );

  it(
    "fits a channel, a webhook and a trace with what is long in them on a phone",
    { timeout: 120_000 },
    async () => {
      // Another one than above: an account's agents have different names.
      const word = "Wasserstandsmeldungsanlage".repeat(4);
      const made = async (path: string, body: object) =>
        (await byOwner("POST", path, body)) as { id: string; inboundUrl: string; secret: string };
      const agent = await made("/v1/agents", {
        name: word.slice(0, 100),
        type: "query",
        description: word,
        capabilities: [],
        start: true,
      });
      const channel = await made("/v1/channels", {
        type: "webhook",
        name: word.slice(0, 80),
        agentId: agent.id,
        config: vendor.config(vendor.url),
      });
      const call = await vendor.says({ text: `${word} ${word}` }, Date.now());
      await expect
        .poll(async () => (await brought(channel.inboundUrl, call)).status, POLLED)
        .toBe(200);
      const hook = await made("/v1/webhooks", {
        url: `${receiver.url}/${word}?of=${word}`,
        events: ["custom.*"],
        description: word,
      });
      receiver.secret = hook.secret;
      receiver.answer = () => 500;
      await byOwner("POST", `/v1/webhooks/${hook.id}/ping`);
      const type = `custom.${"t".repeat(60)}`;
      await byOwner("POST", "/v1/topics/agent.events/events", {
        events: [{ type, data: { word } }],
      });
      await fetch(`${url()}/v1/units`, {
        method: "POST",
        headers: {
          Authorization: `Bearer ${ownerOf(state()).apiKey}`,
          "Content-Type": "application/json",
          traceparent: `00-${TRACE_ID}-00f067aa0ba902b7-01`,
        },
        body: JSON.stringify({ title: word, body: `${word} by the water.` }),
      });
      const { page, complaints } = await signedIn("/", { width: PHONE_PX });
      const fits = async (name: string) => {
        expect(await page.evaluate("document.documentElement.scrollWidth"), name).toBe(PHONE_PX);
        // What is cut off within is lost, too: only what says so (a table, code) is scrolled.
        expect(await page.evaluate(cutOff), name).toEqual([]);
        expect(await pictured(page, `narrow-${name}`)).toEqual([]);
      };
      await page.evaluate((hash) => location.assign(hash), `#/channel/${channel.id}`);
      await page.waitForSelector(".said li");
      await page.waitForSelector(".traffic .inbound dd >> text=/^1$/");
      await fits("channel");
      await page.click("summary >> text=Say something");
      await fits("channel-say");
      await page.evaluate((hash) => location.assign(hash), `#/webhook/${hook.id}`);
      await page.waitForSelector(`.tried >> text=${type}`);
      await fits("webhook");
      await page.evaluate((hash) => location.assign(hash), `#/trace/${TRACE_ID}`);
      await page.waitForSelector(".span >> nth=1");
      await page.click(".span >> nth=1");
      await page.waitForSelector(".span[open] >> text=Span id");
      // What a span says of itself has the greater part of the row, not a word a line.
      const share = await page.evaluate(
        `(([dl, dd]) => dd.clientWidth / dl.clientWidth)([".span[open] dl", ".span[open] dd"].map((each) => document.querySelector(each)))`,
      );
      expect(share).toBeGreaterThan(0.5);
      await fits("trace");
      receiver.answer = () => 204;
      expect(complaints).toEqual([]);
    },
  );
}

/** What stands out of the screen at either side, by its class and text. */
const cutOff = `[...document.querySelectorAll("main *")].flatMap((each) => {
  const { left, right, width } = each.getBoundingClientRect();
  const isOut = width > 0 && (left < -1 || right > innerWidth + 1);
  const isScrolled = each.closest("pre, .overflow-x-auto, .truncate") !== null;
  return isOut && !isScrolled ? [each.tagName + " " + each.className + " " + each.textContent.slice(0, 30)] : [];
})`;
