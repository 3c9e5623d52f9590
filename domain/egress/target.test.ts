import { expect, it } from "vitest";
import { allowedOrigins, egressTarget } from "#domain/egress/target.ts";

const NONE: ReadonlySet<string> = new Set();

it.each([
  "http://127.0.0.1/",
  "http://2130706433/",
  "http://0x7f000001/",
  "http://0x7f.1/",
  "http://017700000001/",
  "http://0177.0.0.1:8787/",
  "http://127.1/",
  "http://①②⑦.⓪.⓪.①/",
  "http://%31%32%37.0.0.1/",
  "http://127.0.0.1./",
  "http://0/",
  "http://0.0.0.0:8787/",
  "http://[::1]/",
  "http://[::]/",
  "http://[::ffff:127.0.0.1]/",
  "http://[::ffff:7f00:1]/",
  "http://[0:0:0:0:0:ffff:169.254.169.254]/latest/meta-data/",
  "http://[64:ff9b::7f00:1]/",
  "http://[fe80::1]/",
  "http://[fd00:ec2::254]/",
  "http://169.254.169.254/latest/meta-data/",
  "http://2852039166/",
  "http://10.0.0.1/",
  "http://172.31.255.255/",
  "http://192.168.1.1/",
  "http://100.64.0.1/",
  "http://255.255.255.255/",
  "http://localhost/",
  "http://LOCALHOST./",
  "http://ｌocalhost/",
  "http://app.localhost/",
  "http://printer.local/",
  "http://metadata.google.internal/",
  "http://db/",
  "http://nas.home.arpa/",
])("refuses %s", (url) => {
  expect(egressTarget(url, NONE)).toMatchObject({ ok: false, error: { code: "egress-refused" } });
});

it.each([
  "file:///etc/passwd",
  "gopher://example.com/",
  "data:text/plain,x",
  "javascript:1",
  "ws://example.com/",
  "blob:https://example.com/x",
  "https://user@example.com/",
  "https://:secret@example.com/",
  "http://example.com:25/",
  "http://example.com:22/",
  "example.com",
  "https://",
  "",
  `https://example.com/${"x".repeat(2_048)}`,
])("refuses what is no plain web address: %s", (url) => {
  expect(egressTarget(url, NONE).ok).toBe(false);
});

it("takes public names and addresses, at the ports of the web and above 1023", () => {
  for (const url of ["https://example.com/a?b=c", "http://1.1.1.1/", "https://example.com:8443/"])
    expect(egressTarget(url, NONE)).toEqual({ ok: true, value: { url, open: false } });
  expect(egressTarget("https://EXAMPLE.com#secret", NONE)).toEqual({
    ok: true,
    value: { url: "https://example.com/", open: false },
  });
});

it("takes exactly the operator's origins, although they are private", () => {
  const allowed = allowedOrigins("http://127.0.0.1:9000, https://idp.internal");
  if (!allowed.ok) throw new Error(allowed.error);
  const isOpen = (url: string) => {
    const target = egressTarget(url, allowed.value);
    return target.ok && target.value.open;
  };
  expect(isOpen("http://127.0.0.1:9000/x")).toBe(true);
  expect(isOpen("http://2130706433:9000/x")).toBe(true);
  expect(isOpen("https://idp.internal:443/x")).toBe(true);
  for (const other of [
    "https://127.0.0.1:9000/",
    "http://127.0.0.1:9001/",
    "http://127.0.0.1/",
    "http://idp.internal/",
    "https://x.idp.internal/",
    "http://user@127.0.0.1:9000/",
  ])
    expect(egressTarget(other, allowed.value).ok, other).toBe(false);
});

it("names the part of a list that is no origin", () => {
  expect(allowedOrigins(" ")).toEqual({ ok: true, value: new Set() });
  for (const part of [
    "127.0.0.1:9000",
    "https://a.example/path",
    "ftp://a.example",
    "*",
    "https://*",
  ])
    expect(allowedOrigins(`https://b.example ${part}`), part).toEqual(
      part === "https://*" ? { ok: true, value: expect.anything() } : { ok: false, error: part },
    );
});
