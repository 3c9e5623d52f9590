import { expect, it } from "vitest";
import { isRedirectUri, isRegistered } from "#domain/oauth/redirects.ts";

it("takes https, this machine, and an app's own scheme", () => {
  const good = [
    "https://app.example/callback?x=1",
    "http://127.0.0.1:3000/callback",
    "http://[::1]/cb",
    "http://localhost:8976/oauth/callback",
    "com.example.app:/callback",
    "cursor://anysphere.cursor-retrieval/oauth/callback",
  ];
  for (const one of good) expect(isRedirectUri(one), one).toBe(true);
});

it("refuses what runs something, leaves https, hides a user or carries a fragment", () => {
  const bad = [
    "http://app.example/callback",
    "http://127.0.0.1.evil.example/",
    "http://localhost.evil.example/",
    "javascript:alert(1)",
    "JavaScript://app.example/%0aalert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "https://user@app.example/",
    "https://app.example/#x",
    "https://app.example\\@evil.example",
    "https://app.example/ x",
    "app:callback",
    "/relative",
    "",
  ];
  for (const one of bad) expect(isRedirectUri(one), one).toBe(false);
});

it("compares addresses character by character", () => {
  const registered = ["https://app.example/cb"];
  expect(isRegistered("https://app.example/cb", registered)).toBe(true);
  for (const other of [
    "https://app.example/cb/",
    "https://app.example/cb?x",
    "https://APP.example/cb",
    "https://app.example:444/cb",
    "https://app.example/cb/../evil",
  ])
    expect(isRegistered(other, registered), other).toBe(false);
});

it("lets the port of an address on this machine be chosen late, and nothing else of it", () => {
  const registered = ["http://127.0.0.1/callback"];
  expect(isRegistered("http://127.0.0.1:51234/callback", registered)).toBe(true);
  expect(isRegistered("http://localhost:51234/callback", registered)).toBe(false);
  expect(isRegistered("http://127.0.0.1:51234/other", registered)).toBe(false);
  expect(isRegistered("https://127.0.0.1:51234/callback", registered)).toBe(false);
  expect(isRegistered("https://app.example:81/cb", ["https://app.example/cb"])).toBe(false);
});
