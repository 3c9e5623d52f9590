import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Flags } from "./command.ts";
import { sessionOf } from "./session.ts";

let cwd = "";
beforeEach(() => void (cwd = mkdtempSync(path.join(tmpdir(), "wishub-session-"))));
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const HERE = "http://127.0.0.1:8787";
const session = (env: Record<string, string> = {}, flags: Record<string, string> = {}) =>
  sessionOf(new Flags(flags), { env, cwd });
const COOKIES = [
  "wishub_session=ws0_a; Path=/; HttpOnly; SameSite=Strict; Max-Age=600",
  "wishub_device=d.e.f; Path=/v1/sessions; HttpOnly; SameSite=Strict; Max-Age=600",
];
const signIn = () => session().anybody().cookies?.(COOKIES);
const file = () => path.join(cwd, ".wishub", "session.json");

it("signs later commands in, and keeps what it signs them in with to this user", () => {
  expect(session().options()).toBeNull();
  signIn();
  expect(session().options()).toMatchObject({
    url: HERE,
    cookie: "wishub_session=ws0_a; wishub_device=d.e.f",
  });
  expect(statSync(file()).mode & 0o777).toBe(0o600);
});

it("sends a session nowhere but where it was opened", () => {
  signIn();
  const elsewhere = { WISHUB_URL: "https://evil.example" };
  expect(() => session(elsewhere).options()).toThrow("you are signed in at");
  expect(session(elsewhere).anybody()).toMatchObject({ url: "https://evil.example", cookie: "" });
});

it("leaves a key that was given alone", () => {
  signIn();
  expect(session({ WISHUB_KEY: "k" }).options()).toBeNull();
  expect(session({}, { key: "k" }).options()).toBeNull();
});

it("forgets the session and stays a device that is known", () => {
  signIn();
  session().forget();
  expect(session().options()).toBeNull();
  expect(session().anybody().cookie).toBe("wishub_device=d.e.f");
  expect(readFileSync(file(), "utf8")).not.toContain("ws0_a");
});

it("forgets what an answer ends", () => {
  signIn();
  session().options()?.cookies?.(["wishub_session=; Path=/; Max-Age=0"]);
  expect(session().options()).toBeNull();
});

it("keeps and forgets a session that came over TLS, whose name says so", () => {
  session().anybody().cookies?.(["__Host-wishub_session=ws0_a; Path=/; Secure; Max-Age=600"]);
  expect(session().options()?.cookie).toBe("__Host-wishub_session=ws0_a");
  expect(session().anybody().cookie).toBe("");
  session().forget();
  expect(session().options()).toBeNull();
});
