import { log } from "#domain/observability/log.ts";

const SSE_HEADERS = { "Content-Type": "text/event-stream", "Cache-Control": "no-cache" };
const STILL_HERE = ": still here\n\n";

/**
 * Server-sent events (WHATWG HTML, 9.2): each text is written as it comes, and null as a comment that only says that the
 * stream is still there. It is read only as fast as the client reads; `failureText` ends a stream that breaks.
 */
export function sse(
  stream: AsyncGenerator<string | null>,
  failureText: () => string,
  headers: Record<string, string> = {},
): Response {
  const utf8 = new TextEncoder();
  // Whoever hangs up does so while the next text is waited for.
  let isOver = false;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await stream.next();
        if (isOver) return;
        if (done) return controller.close();
        controller.enqueue(utf8.encode(value ?? STILL_HERE));
      } catch (thrown) {
        if (isOver) return;
        log("error", "stream-failed", { thrown: String(thrown) });
        controller.enqueue(utf8.encode(failureText()));
        controller.close();
      }
    },
    async cancel() {
      isOver = true;
      await stream.return(null);
    },
  });
  return new Response(body, { headers: { ...SSE_HEADERS, ...headers } });
}

/** One event. `data` is JSON, which holds no line break. */
export const eventText = (event: { id?: string; name?: string; data: string }): string => {
  const id = event.id === undefined ? "" : `id: ${event.id}\n`;
  const name = event.name === undefined ? "" : `event: ${event.name}\n`;
  return `${id}${name}data: ${event.data}\n\n`;
};

/** The same stream, each of its events written by `text`. */
export async function* written(
  stream: AsyncGenerator<string | null>,
  text: (event: string) => string,
): AsyncGenerator<string | null> {
  for await (const event of stream) yield event === null ? null : text(event);
}
