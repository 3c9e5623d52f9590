import { vi } from "vitest";

/** As `expect.poll` waits (vitest.config.ts); vitest has no setting for this. */
const PATIENCE_MS = 20_000;

const { waitFor } = vi;
vi.waitFor = (what, options = {}) =>
  waitFor(
    what,
    typeof options === "number" ? options : { timeout: PATIENCE_MS, interval: 50, ...options },
  );
