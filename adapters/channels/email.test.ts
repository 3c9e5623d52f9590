import fc from "fast-check";
import PostalMime from "postal-mime";
import { describe, expect, it } from "vitest";
import { rawMail } from "#domain/channels/mail.ts";
import type { Egress } from "#adapters/egress.ts";
import { email } from "#adapters/channels/email.ts";
import { AGENT, PERSON, conversationOf, receivedMail } from "#adapters/channels/fakes/email.ts";

const NOW_MS = Date.now();
const PLATFORM = "mx.cloudflare.net";
const SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const nobody: Egress = async () => ({ ok: false, error: { code: "egress-failed" } });

/** The side of a channel whose mail the platform takes in. */
const here = (config: { allowedSenders?: string } = {}) =>
  email({ secret: SECRET, ...config }, nobody, { name: "Otters", address: AGENT, sender: null });
const bytes = (text: string) => new TextEncoder().encode(text);

async function read(raw: string | Uint8Array, config = {}) {
  const received = await here(config).receiveMail?.(
    typeof raw === "string" ? bytes(raw) : raw,
    NOW_MS,
  );
  if (received === undefined) throw new Error("it takes in no mail");
  return received;
}
const mailOf = (parts: Partial<Parameters<typeof receivedMail>[1]> = {}) =>
  receivedMail(NOW_MS, { text: "Hello.", id: "<m1@tides.example>", server: PLATFORM, ...parts });
async function said(raw: string | Uint8Array) {
  const received = await read(raw);
  if (!received.ok) throw new Error(JSON.stringify(received.error));
  return received.value.said[0];
}

describe("a mail that the platform took in", () => {
  it("is what its writer said, about what, and where an answer goes", async () => {
    const one = await said(mailOf());
    expect(one).toMatchObject({
      conversation: conversationOf("<m1@tides.example>"),
      from: { id: PERSON, name: "Grete H." },
      subject: "Otters 水獺",
      text: "Hello.",
    });
    expect(JSON.parse(one?.thread ?? "")).toEqual({
      to: PERSON,
      subject: "Otters 水獺",
      inReplyTo: "<m1@tides.example>",
      references: [],
    });
  });

  it("is refused where it is not known whose it is", async () => {
    const failed = `dmarc=fail header.from=tides.example`;
    const forged = {
      "Authentication-Results": `${PLATFORM}; dmarc=pass header.from=tides.example`,
    };
    const wrong: [string, string][] = [
      ["unauthenticated", mailOf({ results: failed })],
      ["unauthenticated", mailOf({ results: failed, headers: forged })],
      ["unauthenticated", mailOf({ server: "mx.evil.example", headers: forged })],
      ["unauthenticated", mailOf({ from: "<ceo@bank.example>" })],
      ["invalid-request", mailOf({ from: `<${PERSON}>, <ceo@bank.example>` })],
      ["invalid-request", mailOf({ from: `<${PERSON}>\r\nFrom: <ceo@bank.example>` })],
      ["invalid-request", mailOf({ from: `Group: <${PERSON}>;` })],
      ["invalid-request", mailOf({ from: "nobody" })],
      ["invalid-request", "no mail"],
    ];
    for (const [code, raw] of wrong)
      expect(await read(raw), raw).toMatchObject({ ok: false, error: { code } });
  });

  it("is refused of those who were not named, where some were", async () => {
    expect((await read(mailOf(), { allowedSenders: "tides.example" })).ok).toBe(true);
    expect(await read(mailOf(), { allowedSenders: "river.example" })).toMatchObject({
      ok: false,
      error: { code: "unauthenticated" },
    });
  });

  it("is answered to nobody where the agent wrote it itself", async () => {
    const results = "dmarc=pass header.from=river.example";
    const received = await read(mailOf({ from: `<${AGENT.toUpperCase()}>`, results }));
    expect(received).toMatchObject({ ok: true, value: { said: [] } });
  });

  it("is of one conversation with what it answers, its writer's own", async () => {
    const root = "<root.1@tides.example>";
    const conversations = [];
    const answers: Record<string, string>[] = [
      { References: `${root} <x@y>`, "In-Reply-To": "<x@y>" },
      { References: `${root}\r\n <a@b>\r\n\t<c@d>` },
      { "In-Reply-To": root },
    ];
    for (const headers of answers)
      conversations.push((await said(mailOf({ headers })))?.conversation);
    expect(new Set(conversations)).toEqual(new Set([conversationOf(root)]));
    const stranger = await said(
      mailOf({
        headers: { References: root },
        from: "<hans@rain.example>",
        results: "dmarc=pass header.from=rain.example",
      }),
    );
    expect(stranger?.conversation).toMatch(/^hans@rain\.example\//);
  });

  it("is known by its id, and that by its writer; one without is known by what is in it", async () => {
    const id = async (parts: Parameters<typeof mailOf>[0]) => (await said(mailOf(parts)))?.id;
    expect(await id({})).toBe(await id({ text: "the same again, by another way" }));
    const hans = { from: "<hans@rain.example>", results: "dmarc=pass header.from=rain.example" };
    expect(await id(hans)).not.toBe(await id({}));
    expect(await id({ id: "" })).toBe(await id({ id: "" }));
    expect(await id({ id: "" })).not.toBe(await id({ id: "", text: "Other." }));
  });

  it("is read as a person reads it, however it is packed", async () => {
    const packed = (type: string, body: string, encoding = "7bit") =>
      mailOf({ headers: { "Content-Type": type } })
        .replace(/Content-Transfer-Encoding: base64\r\n\r\n[\s\S]*$/, "")
        .concat(`Content-Transfer-Encoding: ${encoding}\r\n\r\n${body}`);
    const alternative = packed(
      "multipart/alternative; boundary=b",
      "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nI=E2=80=99m here=\r\n.\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>I am <b>there</b></p>\r\n--b--\r\n",
    );
    expect((await said(alternative))?.text).toBe("I’m here.");
    const html = packed("text/html; charset=utf-8", "<p>Only</p><style>p{}</style><p>this</p>");
    expect((await said(html))?.text).toBe("Only\n\nthis");
    const latin = packed("text/plain; charset=iso-8859-1", "Sch=F6n", "quoted-printable");
    expect((await said(latin))?.text).toBe("Schön");
    const attached = packed(
      "multipart/mixed; boundary=b",
      '--b\r\nContent-Type: text/plain\r\n\r\nSee.\r\n--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename="map.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nhidden\r\n--b--\r\n',
    );
    const one = await said(attached);
    expect(one?.text).toBe("See.");
    expect(one?.attachments).toEqual([
      { kind: "application/pdf", name: "map.pdf" },
      { kind: "message/rfc822", name: null },
    ]);
  });

  it("is refused where it has parts without end, and read no further than anybody writes", async () => {
    const mixed = mailOf({ headers: { "Content-Type": "multipart/mixed; boundary=b" } });
    const startedMs = performance.now();
    expect((await read(mixed + "--b\r\n\r\nx\r\n".repeat(350_000))).ok).toBe(false);
    const file = `--b\r\nContent-Disposition: attachment; filename=otter.txt\r\n\r\n${"x\r\n".repeat(1_000_000)}`;
    const one = await said(`${mixed}--b\r\n\r\nSee the file.\r\n${file}--b--\r\n`);
    expect(one).toMatchObject({ text: "See the file.", attachments: [{ name: "otter.txt" }] });
    const endless = await said(mailOf({ headers: { "X-Long": "a" } }) + "x\n".repeat(1_000_000));
    expect(endless?.text.length).toBeLessThan(100_000);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    // As many lines like that as somebody writes are no parts.
    const dashes = mailOf({ text: "\n--- a/otter.ts\n+++ b/otter.ts".repeat(5_000) });
    expect((await read(dashes)).ok).toBe(true);
  });

  it("is refused where it nests without end, and never makes it throw", async () => {
    const nested = Array.from(
      { length: 60 },
      (_, i) => `--b${i}\r\nContent-Type: multipart/mixed; boundary=b${i + 1}\r\n\r\n`,
    );
    const deep =
      mailOf({ headers: { "Content-Type": "multipart/mixed; boundary=b0" } }) + nested.join("");
    expect((await read(deep)).ok).toBe(false);
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array(), fc.string().map(bytes)), async (noise) => {
        await read(noise);
        await read(new Uint8Array([...bytes(mailOf().slice(0, 700)), ...noise]));
      }),
      { numRuns: 100 },
    );
  });
});

describe("an answer by mail", () => {
  it("is read as it was written, whatever its text, subject and name", async () => {
    const line = fc.string({ unit: "grapheme", maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(
        line,
        line,
        fc.string({ unit: "grapheme", maxLength: 2_000 }),
        async (fromName, subject, text) => {
          const raw = rawMail(
            { id: "cm_1", from: AGENT, fromName, to: PERSON, subject, text, headers: {} },
            NOW_MS,
          );
          const mail = await PostalMime.parse(raw);
          const flat = (one: string) => one.replaceAll("\0", "").replaceAll(/\s+/g, " ").trim();
          expect(mail.headers.map(({ key }) => key)).toEqual([
            "date",
            "message-id",
            "from",
            "to",
            "subject",
            "mime-version",
            "content-type",
            "content-transfer-encoding",
          ]);
          expect(mail.from).toEqual({ name: flat(fromName), address: AGENT });
          expect(mail.subject ?? "").toBe(flat(subject));
          expect((mail.text ?? "").trimEnd()).toBe(text.replaceAll(/\r\n|\r/g, "\n").trimEnd());
        },
      ),
      { numRuns: 100 },
    );
  });

  it("is given up where nobody wrote, and waits where nobody delivers mail", async () => {
    const message = { id: "cm_1", conversation: "a@b/1", text: "hello" };
    expect(await here().send({ ...message, thread: null }, NOW_MS)).toMatchObject({
      kind: "refused",
    });
    const thread = JSON.stringify({ to: PERSON, subject: "", inReplyTo: "<a@b>", references: [] });
    expect(await here().send({ ...message, thread }, NOW_MS)).toMatchObject({ kind: "later" });
  });

  it("is given up where the platform refuses this one, and waits where it takes none", async () => {
    const thread = JSON.stringify({ to: PERSON, subject: "", inReplyTo: "<a@b>", references: [] });
    for (const [code, kind] of [
      ["E_RECIPIENT_SUPPRESSED", "refused"],
      ["E_HEADER_NOT_ALLOWED", "refused"],
      ["E_RATE_LIMIT_EXCEEDED", "later"],
      ["E_SENDER_NOT_VERIFIED", "later"],
      [undefined, "later"],
    ] as const) {
      const send = async () => {
        throw Object.assign(new Error("no"), { code });
      };
      const face = email({ secret: SECRET }, nobody, {
        name: "Otters",
        address: AGENT,
        sender: { send },
      });
      const outcome = await face.send({ id: "cm_1", conversation: "c", text: "x", thread }, NOW_MS);
      expect(outcome.kind, code).toBe(kind);
    }
  });
});
