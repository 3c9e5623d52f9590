import { expect, vi } from "vitest";
import type { LogRecord } from "#domain/observability/log.ts";
import type { TestAccount } from "./helpers.ts";

export const randomHex = (bytes: number): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");

/** A trace whose caller wants it recorded. */
export function asking() {
  const [traceId, parent] = [randomHex(16), randomHex(8)];
  return { traceId, parent, headers: { traceparent: `00-${traceId}-${parent}-01` } };
}

export type Whole = {
  traceId: string;
  error: boolean;
  spans: {
    spanId: string;
    parentSpanId: string | null;
    depth: number;
    name: string;
    kind: string;
    service: string;
    durationMs: number;
    error: boolean;
    attributes: Record<string, string | number | boolean>;
  }[];
  logs: LogRecord[];
};

/** A trace once enough of it has come in. */
export async function traceOf(
  account: TestAccount,
  traceId: string,
  isWhole: (names: string[]) => boolean = () => true,
): Promise<Whole> {
  return await vi.waitFor(
    async () => {
      const answer = await account.call("GET", `/v1/traces/${traceId}`);
      expect(answer.status).toBe(200);
      const whole = await answer.json<Whole>();
      const names = whole.spans.map(({ name }) => name);
      expect(isWhole(names), names.join()).toBe(true);
      return whole;
    },
    { timeout: 20_000, interval: 100 },
  );
}

/** Its span of a name; there is exactly one. */
export function spanIn({ spans }: Whole, name: string): Whole["spans"][number] {
  const [found, second] = spans.filter((one) => one.name === name);
  if (found === undefined || second !== undefined)
    throw new Error(`not one span ${name}: ${spans.map((one) => one.name).join()}`);
  return found;
}

/** The ids of a `traceparent`. */
export function placeOf(traceparent: string | null | undefined) {
  const [, traceId, spanId, flags] = (traceparent ?? "").split("-");
  return { traceId, spanId, flags };
}
