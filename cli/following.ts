import type { Following } from "#sdk/following.ts";
import { harmless, type Terminal } from "./terminal.ts";

/** Of a stream that is followed: ends with the command, and says on stderr when it broke off. */
export const following = (terminal: Terminal): Following => ({
  signal: terminal.signal,
  onLost: (error) => {
    const why = error instanceof Error ? error.message : String(error);
    terminal.err(`${terminal.errLive ? "\r\u001b[2K" : ""}lost (${harmless(why)}), trying again\n`);
  },
});
