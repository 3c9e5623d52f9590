import { setTimeout as wait } from "node:timers/promises";
import { WisHubError } from "#sdk/error.ts";
import type { Command } from "#cli/command.ts";
import { addressOf } from "#cli/credentials.ts";
import { CLIENT_ID, keepLogin, loginOf, logins, originOf } from "#cli/logins.ts";
import { type Answer, post } from "#cli/oauth.ts";
import { harmless } from "#cli/terminal.ts";

const DEVICE = "urn:ietf:params:oauth:grant-type:device_code";
const DEFAULT_SCOPES = "search,units:read,units:write";

export const login: Command = {
  name: "login",
  summary: "Let this terminal act for you. You say yes in a browser, here or elsewhere.",
  takes: [],
  flags: {
    scopes: {
      type: "text",
      value: "A,B",
      help: `what it may do (default: ${DEFAULT_SCOPES})`,
    },
  },
  examples: ["wishub login --url https://hub.example.org"],
  async run({ flags, terminal, json }) {
    const url = addressOf(flags, terminal.env, terminal.cwd);
    const scope = (flags.text("scopes") ?? DEFAULT_SCOPES).replaceAll(",", " ");
    const started = await post(url, "/oauth/device_authorization", { client_id: CLIENT_ID, scope });
    if (started["error"] !== undefined) throw refusal(started);
    terminal.err(
      `Open ${harmless(String(started["verification_uri_complete"]))}\nand say yes there, where it shows ${harmless(String(started["user_code"]))}\n`,
    );
    const answer = await answered(url, started, terminal.signal);
    if (answer["error"] !== undefined) throw refusal(answer);
    keepLogin(terminal.env, url, loginOf(answer, Date.now()));
    const scopes = String(answer["scope"]).split(" ");
    await terminal.out(
      json
        ? `${JSON.stringify({ url: originOf(url), scopes })}\n`
        : `logged in to ${originOf(url)} for ${harmless(scopes.join(", "))}\n`,
    );
    return 0;
  },
};

/** Asks as often as the server lets it, until somebody has answered (RFC 8628 section 3.5). */
async function answered(url: string, started: Answer, signal: AbortSignal): Promise<Answer> {
  let intervalMs = Number(started["interval"] ?? 5) * 1000;
  for (;;) {
    await wait(intervalMs, undefined, { signal });
    const answer = await post(url, "/oauth/token", {
      grant_type: DEVICE,
      client_id: CLIENT_ID,
      device_code: String(started["device_code"]),
    });
    if (answer["error"] === "slow_down") intervalMs += 5_000;
    else if (answer["error"] !== "authorization_pending") return answer;
  }
}

const refusal = (answer: Answer) =>
  new WisHubError({
    code: "forbidden",
    status: 403,
    detail: `${harmless(String(answer["error"]))}: ${harmless(String(answer["error_description"]))}`,
  });

export const logout: Command = {
  name: "logout",
  summary: "End this terminal's login, here and on the server.",
  takes: [],
  flags: {},
  examples: [],
  async run({ flags, terminal, json }) {
    const url = addressOf(flags, terminal.env, terminal.cwd);
    const known = logins(terminal.env)[originOf(url)];
    if (known !== undefined) {
      // Forgotten here first: a server that does not answer must not keep the tokens on this machine.
      keepLogin(terminal.env, url, null);
      await post(url, "/oauth/revoke", { client_id: CLIENT_ID, token: known.refreshToken });
    }
    await terminal.out(
      json
        ? `${JSON.stringify({ url: originOf(url), ended: known !== undefined })}\n`
        : known === undefined
          ? `nobody is logged in to ${originOf(url)}\n`
          : `logged out of ${originOf(url)}\n`,
    );
    return 0;
  },
};
