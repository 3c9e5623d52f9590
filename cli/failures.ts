import { WisHubError } from "#sdk/error.ts";
import { type Command, UsageError } from "./command.ts";
import { harmless, type Terminal, wrap } from "./terminal.ts";

/** Tells a failure on stderr in lines that fit, and answers the exit code. What nobody expected is thrown on. */
export function explain(error: unknown, command: Command | undefined, terminal: Terminal): 1 | 2 {
  const say = (text: string) =>
    terminal.err(`${wrap(harmless(text), terminal.columns).join("\n")}\n`);
  if (error instanceof UsageError) {
    const name = command === undefined ? "" : `${command.name} `;
    say(`wishub: ${error.message}\n\`wishub ${name}--help\` says how it is used.`);
    return 2;
  }
  if (error instanceof WisHubError) {
    const details = error.errors.map(({ pointer, detail }) => `\n  ${pointer}: ${detail}`).join("");
    const isOurs = error.requestId !== undefined && error.status >= 500;
    const request = isOurs ? ` (request ${error.requestId})` : "";
    say(`wishub: ${error.message}${details}${request}${wayOut(error, command)}`);
    return 1;
  }
  throw error;
}

/** What helps where the API's own words name members of a request, which nobody types here. */
function wayOut({ code, detail }: WisHubError, command: Command | undefined): string {
  const isSigningIn = command?.name === "sign-in";
  if (code === "second-factor-required")
    return isSigningIn
      ? "\nAdd --otp CODE, or --recovery-code CODE."
      : "\n`wishub prove --otp CODE` does; `wishub totp begin` if you have none yet.";
  // Without a word of its own: the credential is not known, for whatever reason.
  if (code === "unauthenticated" && detail === undefined)
    return isSigningIn
      ? "\nThe address, the password or the code is not right."
      : "\nIt has ended, or never was one: `wishub sign-in EMAIL`, or another --key.";
  return "";
}
