import { readLines } from "./ndjson.ts";

/** One server-sent event (WHATWG HTML, 9.2). */
export type ServerEvent = { id: string; name: string; data: string };

/**
 * The events of a stream as they come; what breaks off in the middle of one is none. `newest` is told each id once it
 * counts, also one that came without an event: it says how far the stream is.
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  newest: (id: string) => void = () => {},
): AsyncGenerator<ServerEvent> {
  let id = "";
  let name = "";
  let data: string[] = [];
  for await (const line of readLines(body)) {
    if (line === "") {
      if (id !== "") newest(id);
      if (data.length > 0)
        yield { id, name: name === "" ? "message" : name, data: data.join("\n") };
      [name, data] = ["", []];
      continue;
    }
    const [field = "", value] = fieldOf(line);
    if (field === "id") id = value;
    else if (field === "event") name = value;
    else if (field === "data") data.push(value);
  }
}

/** A comment begins with the colon, so its field has no name. */
function fieldOf(line: string): [string, string] {
  const at = line.indexOf(":");
  if (at === -1) return [line, ""];
  const value = line.slice(at + 1);
  return [line.slice(0, at), value.startsWith(" ") ? value.slice(1) : value];
}
