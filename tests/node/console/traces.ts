import { expect, it } from "vitest";
import { pictured, type Place } from "#tests/node/in-browser.ts";
import { ownerOf } from "#tests/node/owner.ts";

const TRACE_ID = "7bf92f3577b34da6a3ce929d0e0e4731";

/** Traces as a waterfall, and the log beside them. */
export function traceJourneys({ signedIn, url, state }: Place): void {
  const asked = (path: string, traceId: string, body: object) =>
    fetch(url() + path, {
      method: "POST",
      headers: {
        Authorization: `Bearer ${ownerOf(state()).apiKey}`,
        "Content-Type": "application/json",
        traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
      },
      body: JSON.stringify(body),
    });

  it("finds a recorded trace, draws its tree, and goes to its log and back", async () => {
    const made = { title: "Traced otters", body: "Otters hold hands while they sleep." };
    expect((await asked("/v1/units", TRACE_ID, made)).status).toBe(202);
    const { page, complaints } = await signedIn("/traces");
    await page.waitForSelector('h1:text-is("Traces")');
    const row = page.locator(`main li a[href$='/trace/${TRACE_ID}']`);
    // Spans come in within some seconds.
    await expect
      .poll(
        async () => {
          await page.click("text=Read again");
          return await row.count();
        },
        { timeout: 20_000, interval: 500 },
      )
      .toBe(1);
    expect(await pictured(page, "traces")).toEqual([]);
    await page.fill("#trace-name", "no such name");
    await page.waitForSelector("text=No trace is like that");
    expect(page.url()).toContain("name=no");
    await page.fill("#trace-name", "POST /v1/units");
    await row.click();
    await page.waitForSelector('h1:text-is("POST /v1/units")');
    const spans = page.locator(".span > summary");
    await spans.nth(1).waitFor();
    await spans.first().focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".span[open] >> text=Span id");
    expect(await spans.nth(1).evaluate((each) => each === document.activeElement)).toBe(true);
    expect(await pictured(page, "trace")).toEqual([]);

    await page.click("text=Search the log of this trace");
    await page.waitForSelector('h1:text-is("Log")');
    expect(await page.inputValue("#log-trace")).toBe(TRACE_ID);
    const line = page.locator(".line", { hasText: "POST /v1/units" });
    await line.locator("summary").click();
    expect(await pictured(page, "logs")).toEqual([]);
    await page.selectOption("#log-level", "fatal");
    await page.waitForSelector("text=No line is like that");
    const exported = await page.getAttribute("a[download]", "href");
    expect(new URL(exported ?? "").search).toBe(`?level=fatal&traceId=${TRACE_ID}`);
    await page.selectOption("#log-level", "");
    // What is unfolded before it is read again would be folded by that.
    const read = page.waitForResponse(/\/v1\/logs\?.*q=post/);
    await page.fill("#log-text", "post /v1/UNITS");
    await (await read).finished();
    await page.locator(".line").first().waitFor();
    await line.locator("summary").click();
    await page.click("text=See its trace");
    await page.waitForSelector('h1:text-is("POST /v1/units")');
    expect(complaints).toEqual([]);
  });
}
