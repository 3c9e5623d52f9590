import { bar, type Terminal } from "#cli/terminal.ts";

export type Progress = {
  update(imported: number, failed: number, fraction?: number): void;
  /** Takes the bar away, for a line that stays. */
  clear(): void;
  end(): void;
};

const BAR_COLUMNS = 28;
const PLAIN_EVERY_MS = 2_000;

/** A bar on a terminal; a plain line now and then where stderr is a file or a pipe. */
export function progress(terminal: Pick<Terminal, "err" | "errLive">): Progress {
  const startedMs = Date.now();
  let saidMs = startedMs;
  const describe = (imported: number, failed: number, fraction?: number) => {
    const rate = Math.round(((imported + failed) * 1_000) / Math.max(1, Date.now() - startedMs));
    const share =
      fraction === undefined ? "" : `${String(Math.floor(fraction * 100)).padStart(3)} %  `;
    return `${share}${imported + failed} units  ${rate}/s${failed === 0 ? "" : `  ${failed} failed`}`;
  };
  if (terminal.errLive) {
    const clear = () => terminal.err("\r\u001b[2K");
    return {
      update: (imported, failed, fraction) => {
        clear();
        terminal.err(
          `${fraction === undefined ? "" : `${bar(fraction, BAR_COLUMNS)} `}${describe(imported, failed, fraction)}`,
        );
      },
      clear,
      end: clear,
    };
  }
  return {
    update: (imported, failed, fraction) => {
      if (Date.now() - saidMs < PLAIN_EVERY_MS) return;
      saidMs = Date.now();
      terminal.err(`${describe(imported, failed, fraction)}\n`);
    },
    clear: () => undefined,
    end: () => undefined,
  };
}
