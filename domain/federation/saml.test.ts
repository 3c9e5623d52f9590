import fc from "fast-check";
import { expect, it } from "vitest";
import { base64Of, bytesOf } from "#domain/shared/bytes.ts";
import { samlMetadata, samlRequestUrl, samlSubject, samlXml } from "./saml.ts";

const NOW_MS = 1_800_000_000_000;
const EXPECTED = {
  issuer: "https://idp.example",
  audience: "https://hub.example/sso/f0_a/metadata",
  acsUrl: "https://hub.example/sso/f0_a/acs",
  requestId: "_request",
};
const iso = (ms: number) => new Date(ms).toISOString();
const posted = (xml: string) => base64Of(new TextEncoder().encode(xml));

/** As xml2js reads it. */
const assertion = (endMs: number) => ({
  $: { ID: "_a" },
  Issuer: ["https://idp.example"],
  Conditions: [
    { $: { NotOnOrAfter: iso(endMs) }, AudienceRestriction: [{ Audience: [EXPECTED.audience] }] },
  ],
  Subject: [
    {
      NameID: [
        { _: "alice", $: { Format: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" } },
      ],
      SubjectConfirmation: [
        {
          $: { Method: "urn:oasis:names:tc:SAML:2.0:cm:bearer" },
          SubjectConfirmationData: [
            {
              $: {
                InResponseTo: EXPECTED.requestId,
                Recipient: EXPECTED.acsUrl,
                NotOnOrAfter: iso(endMs),
              },
            },
          ],
        },
      ],
    },
  ],
  AttributeStatement: [
    { Attribute: [{ $: { Name: "n", FriendlyName: "f" }, AttributeValue: ["a", { _: "b" }, {}] }] },
  ],
});

it("reads whom an assertion names, until half a minute after its end", () => {
  const subject = samlSubject(assertion(NOW_MS), EXPECTED, NOW_MS + 29_999);
  expect(subject).toEqual({
    ok: true,
    value: {
      assertionId: "_a",
      nameId: "alice",
      attributes: [
        ["n", ["a", "b"]],
        ["f", ["a", "b"]],
      ],
      untilMs: NOW_MS + 30_000,
    },
  });
  expect(samlSubject(assertion(NOW_MS), EXPECTED, NOW_MS + 30_000).ok).toBe(false);
});

it("names nobody once any part of it is missing, doubled or another", () => {
  const places = (node: unknown, path: (string | number)[] = []): (string | number)[][] =>
    typeof node !== "object" || node === null
      ? [path]
      : [path, ...Object.entries(node).flatMap(([name, child]) => places(child, [...path, name]))];
  const needed = places(assertion(NOW_MS)).filter(
    (path) => path.length > 0 && path[0] !== "AttributeStatement" && path.at(-1) !== "Format",
  );
  for (const path of needed) {
    const changed = structuredClone(assertion(NOW_MS)) as unknown as Record<string, never>;
    const parent = path.slice(0, -1).reduce((node, name) => node[name] as never, changed);
    const name = path.at(-1) ?? "";
    if (name === "$" && path.at(-2) === "0" && path.at(-3) === "NameID") continue; // its format may be unsaid
    if (name === "_") parent[name] = "" as never;
    else if (Array.isArray(parent)) parent.splice(Number(name), 1);
    else delete parent[name];
    const outcome = samlSubject(changed, EXPECTED, NOW_MS);
    const optional = ["Conditions", "0", "$"].every((part) => path.includes(part));
    expect(outcome.ok, path.join(".")).toBe(optional);
  }
});

it("believes nothing of what it cannot read", () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      expect(samlSubject(value, EXPECTED, NOW_MS).ok).toBe(false);
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const xml = samlXml(posted(text));
      if (xml.ok) expect(xml.value.replace(/^\s*<\?xml [^?]*\?>/, "")).not.toMatch(/<[!?]/);
    }),
  );
});

it("takes a response in lines, and none that is too long or no text", () => {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<r Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>`;
  const lines = posted(xml).replaceAll(/.{20}/g, "$&\r\n");
  expect(samlXml(lines)).toEqual({ ok: true, value: xml });
  expect(samlXml("A".repeat(262_145)).ok).toBe(false);
  expect(samlXml(base64Of(new Uint8Array([0xff, 0xfe]))).ok).toBe(false);
  expect(samlXml("?").ok).toBe(false);
  expect(samlXml(posted(`<r Algorithm = 'http://www.w3.org/2000/09/xmldsig#hmac-sha1'/>`)).ok).toBe(
    false,
  );
});

it("refuses what would take long to parse before it is parsed", () => {
  const nested = (depth: number) => "<a>".repeat(depth) + "</a>".repeat(depth);
  const named = Array.from({ length: 200 }, (_, i) => `xmlns:n${i}="u"`).join(" ");
  for (const xml of [
    `<r>${"<a></a>".repeat(1_500)}</r>`,
    nested(101),
    `<r ${named}/>`,
    `<r ${'a="b" '.repeat(2_500)}/>`,
  ])
    expect(samlXml(posted(xml))).toEqual({ ok: false, error: "it holds too many elements" });
  const groups = `<v>engineering</v>`.repeat(700);
  expect(samlXml(posted(`<r>${groups}${nested(90)}</r>`)).ok).toBe(true);
});

it("writes no text of a setting as markup", async () => {
  const hostile = `https://x.example/"><a b='&`;
  expect(samlMetadata(hostile, hostile)).not.toContain("<a b=");
  const url = await samlRequestUrl(`https://idp.example/sso?a="><b`, EXPECTED, NOW_MS);
  const packed = bytesOf(new URL(url).searchParams.get("SAMLRequest") ?? "");
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  expect(await new Response(stream).text()).toMatch(
    /Destination="https:\/\/idp\.example\/sso\?a=&#34;&#62;&#60;b"/,
  );
});
