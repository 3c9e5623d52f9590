import { vi } from "vitest";

/** What waits for whole products, while another file's have their part of the machine, waits longer than vitest's second. */
const PATIENCE_MS = 20_000;

const { waitFor } = vi;
vi.waitFor = (what, options = {}) =>
  waitFor(
    what,
    typeof options === "number" ? options : { timeout: PATIENCE_MS, interval: 50, ...options },
  );
