const LINE_CHARS_MAX = 1_048_576;

/** The JSON value of each line, one at a time: only the line at hand is in memory. */
export async function* readNdjson<T>(body: ReadableStream<Uint8Array>): AsyncGenerator<T> {
  for await (const line of readLines(body)) {
    if (line.trim() !== "") yield JSON.parse(line) as T;
  }
}

/** Text split at line ends. A line longer than a unit may ever be is an error rather than memory. */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of asIterable(chunks)) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield line.endsWith("\r") ? line.slice(0, -1) : line;
    if (rest.length > LINE_CHARS_MAX)
      throw new RangeError(`a line is longer than ${LINE_CHARS_MAX} characters`);
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}

/** A request body that is pulled from `lines` as fast as the server takes it. */
export function bodyOf(lines: AsyncIterable<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const iterator = lines[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await iterator.next();
      if (done === true) controller.close();
      else controller.enqueue(encoder.encode(`${value}\n`));
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}

async function* asIterable(
  chunks: AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  if (!(chunks instanceof ReadableStream)) {
    yield* chunks;
    return;
  }
  // Not every browser can iterate a stream.
  const reader = chunks.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}
