import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { textOfHtml } from "./html-text.ts";
import { automaticBy, isAuthentic, mayWrite, messageIdsIn, referencesOf } from "./mail.ts";

const SERVER = "mx.cloudflare.net";
const DOMAIN = "tides.example";
const results = (value: string, ...others: string[]) => [
  { key: "received", value: "from mail.tides.example" },
  ...[value, ...others].map((one) => ({ key: "authentication-results", value: one })),
];
const isFrom = (value: string, ...others: string[]) =>
  isAuthentic(results(value, ...others), SERVER, DOMAIN);

describe("where a mail comes from", () => {
  it.each([
    `${SERVER};\tdkim=pass header.d=tides.example header.s=a header.b=b;\tdmarc=pass header.from=tides.example policy.dmarc=none;\tspf=none (mx: no SPF records found) smtp.helo=m; arc=pass smtp.remote-ip="2001:db8::1"`,
    `${SERVER}; dmarc=pass (p=reject dis=none) header.from=Tides.Example`,
    `MX.Cloudflare.net 1; dmarc = pass header.from=tides.example`,
    `${SERVER}; dkim=fail header.d=other.example; dkim=pass header.d=tides.example header.s=a; dmarc=none header.from=tides.example`,
  ])("is believed of the server that took it in: %s", (value) => {
    expect(isFrom(value)).toBe(true);
  });

  it.each([
    ["no result", ""],
    ["another server", "mx.evil.example; dmarc=pass header.from=tides.example"],
    ["a server of a longer name", `${SERVER}.evil.example; dmarc=pass header.from=tides.example`],
    ["failed", `${SERVER}; dkim=pass header.d=tides.example; dmarc=fail header.from=tides.example`],
    ["of another domain", `${SERVER}; dmarc=pass header.from=evil.example`],
    ["of two domains", `${SERVER}; dmarc=pass header.from=tides.example header.from=evil.example`],
    [
      "said twice",
      `${SERVER}; dmarc=fail header.from=tides.example; dmarc=pass header.from=tides.example`,
    ],
    [
      "said by whoever wrote the envelope",
      `${SERVER}; dmarc=fail header.from=tides.example; spf=pass (domain of "; dmarc=pass header.from=tides.example; x"@evil.example) smtp.mailfrom=x`,
    ],
    [
      "said by whoever wrote the envelope, before the server says it",
      `${SERVER}; spf=pass (domain of "; dmarc=pass header.from=tides.example; x"@evil.example) smtp.mailfrom=x; dmarc=fail header.from=tides.example`,
    ],
    [
      "signed by another domain, where there is no DMARC",
      `${SERVER}; dkim=pass header.d=evil.example; dmarc=none header.from=tides.example`,
    ],
    [
      "signed by nobody",
      `${SERVER}; dkim=none; dmarc=none header.from=tides.example; spf=pass smtp.mailfrom=a@tides.example`,
    ],
    [
      "signed in words of the envelope",
      `${SERVER}; spf=pass (domain of "; dkim=pass header.d=tides.example; x"@evil.example); dmarc=none header.from=tides.example`,
    ],
    [
      "a signature after the verdict",
      `${SERVER}; dmarc=none header.from=tides.example; spf=pass smtp.mailfrom=x; dkim=pass header.d=tides.example`,
    ],
    ["endless", `${SERVER}; dmarc=pass header.from=tides.example; ${"x".repeat(10_000)}`],
  ])("is not believed: %s", (_, value) => {
    expect(isFrom(value)).toBe(false);
  });

  it("is what the uppermost says, whatever came with the mail", () => {
    const forged = `${SERVER}; dmarc=pass header.from=tides.example`;
    expect(isFrom(`${SERVER}; dmarc=fail header.from=tides.example`, forged)).toBe(false);
    expect(isAuthentic([{ key: "subject", value: forged }], SERVER, DOMAIN)).toBe(false);
  });
});

describe("a mail that nobody answers", () => {
  it.each([
    ["auto-submitted", "auto-replied"],
    ["auto-submitted", "auto-generated; x=y"],
    ["precedence", "Bulk"],
    ["list-id", "<otters.example>"],
    ["list-unsubscribe", "<https://x.example>"],
    ["return-path", "<>"],
    ["content-type", 'multipart/report; report-type="delivery-status"'],
    ["x-auto-response-suppress", "DR, AutoReply"],
  ])("says so by %s: %s", (key, value) => {
    expect(
      automaticBy([
        { key: "subject", value: "hi" },
        { key, value },
      ]),
    ).toBe(key);
  });

  it.each([
    ["auto-submitted", "no"],
    ["precedence", "first-class"],
    ["return-path", "<grete@tides.example>"],
    ["content-type", "text/plain"],
    ["x-auto-response-suppress", "OOF"],
  ])("is no person's with %s: %s", (key, value) => {
    expect(automaticBy([{ key, value }])).toBeNull();
  });
});

it("lets those write who were named, by address or by domain", () => {
  const allowed = "Grete@tides.example, river.example";
  expect(mayWrite(undefined, "anybody@x.example")).toBe(true);
  for (const [address, may] of [
    ["grete@tides.example", true],
    ["hans@tides.example", false],
    ["hans@river.example", true],
    ["hans@a.river.example", false],
    ["hans@evilriver.example", false],
  ] as const)
    expect(mayWrite(allowed, address), address).toBe(may);
});

it("names the first mail and those before, as much as one header takes", () => {
  const id = fc.integer({ min: 0, max: 1e6 }).map((n) => `<${"x".repeat(n % 240)}${n}@a>`);
  fc.assert(
    fc.property(fc.array(id, { maxLength: 100 }), id, (references, inReplyTo) => {
      const thread = { to: "a@b", subject: "", inReplyTo, references };
      const ids = referencesOf(thread);
      expect(ids.at(-1)).toBe(inReplyTo);
      expect(ids[0]).toBe(references.find((one) => one !== inReplyTo) ?? inReplyTo);
      expect(ids.join(" ").length).toBeLessThanOrEqual(2_048);
    }),
  );
  expect(messageIdsIn("<a@b> junk <c@d>\r\n <e f@g>")).toEqual(["<a@b>", "<c@d>"]);
});

describe("the text of HTML", () => {
  it("is what somebody reads of it", () => {
    const html = `<html><head><title>T</title><style>p { color: red }</style></head><body>
      <!-- <p>secret</p> --><p>Dear&nbsp;otter &amp; co,</p><div>up <b>the</b><br>river &#8364; &#x1F9A6;</div>
      <script>alert("<p>x</p>")</script><ul><li>one<li>two</ul> 1 < 2</body></html>`;
    expect(textOfHtml(html)).toBe("Dear otter & co,\n\nup the\nriver € 🦦\n\none\ntwo\n1 < 2");
  });

  it("is no longer than that, and comes in time that grows with it, whatever it is", () => {
    const part = fc.constantFrom(
      "<",
      ">",
      "</",
      "script",
      "p",
      "!--",
      "-->",
      "&#0;",
      "İ",
      "a",
      " ",
    );
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const html = parts.join("");
        expect(textOfHtml(html).length).toBeLessThanOrEqual(html.length);
      }),
      { numRuns: 1_000 },
    );
    const startedMs = performance.now();
    for (const part of ["<", "<p", "<script>", "<!--", "&#x", "</script"])
      textOfHtml(part.repeat(300_000));
    expect(performance.now() - startedMs).toBeLessThan(4_000);
  });
});
