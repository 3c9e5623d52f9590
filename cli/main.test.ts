import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { main } from "./main.ts";
import type { Terminal } from "./terminal.ts";

// The command line against answers that a healthy server rarely gives: cut connections, refusals, hostile text.
// tests/node/cli.test.ts runs it against the product itself.

let folder: string;
let stop: () => void = () => undefined;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "wishub-cli-"));
});
afterEach(() => {
  stop();
  rmSync(folder, { recursive: true, force: true });
});

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

async function serve(answer: Answer): Promise<string> {
  const listening = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => answer(request, response, Buffer.concat(chunks).toString()));
  });
  stop = () => {
    listening.closeAllConnections();
    listening.close();
  };
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  const address = listening.address();
  return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
}

async function wishub(
  argv: string[],
  given: { env?: Record<string, string>; stdin?: string } = {},
) {
  let [out, err] = ["", ""];
  const terminal: Terminal = {
    out: async (text) => void (out += text),
    err: (text) => void (err += text),
    outColour: false,
    errLive: false,
    columns: 80,
    env: given.env ?? {},
    stdin: (async function* () {
      yield Buffer.from(given.stdin ?? "");
    })(),
    stdinTty: given.stdin === undefined,
    cwd: folder,
    signal: new AbortController().signal,
  };
  const code = await main(argv, terminal);
  return { code, out, err };
}

const problem = (
  response: ServerResponse,
  status: number,
  document: object,
  headers: Record<string, string> = {},
) =>
  response
    .writeHead(status, { "content-type": "application/problem+json", ...headers })
    .end(JSON.stringify({ status, ...document }));
const unit = (line: number) =>
  `${JSON.stringify({ line, id: `u0_${line}`, cid: "b", status: "pending" })}\n`;

describe("wishub", () => {
  it("fits its help in 80 columns", async () => {
    for (const argv of [
      ["--help"],
      ["import", "--help"],
      ["search", "--help"],
      ["publish", "--help"],
    ]) {
      const { code, out } = await wishub(argv);
      expect(code).toBe(0);
      expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    }
  });

  it("refuses a misspelt option instead of publishing a private unit", async () => {
    const { code, out, err } = await wishub(["publish", "--publik"], { stdin: "text" });
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("unknown option --publik");
  });

  it("refuses numbers out of range without asking the server", async () => {
    const { code, err } = await wishub(["search", "x", "--limit", "51"], {
      env: { WISHUB_KEY: "k" },
    });
    expect(code).toBe(2);
    expect(err).toContain("from 1 to 50");
  });

  it("never sends the stored key to another server", async () => {
    mkdirSync(path.join(folder, ".wishub"));
    writeFileSync(
      path.join(folder, ".wishub", "credentials.json"),
      JSON.stringify({ url: "http://127.0.0.1:1", apiKey: "secret" }),
    );
    let asked = 0;
    const url = await serve((_, response) => {
      asked += 1;
      response.end("{}");
    });
    const { code, err } = await wishub(["show", "u0_1", "--url", url]);
    expect([code, asked]).toEqual([2, 0]);
    expect(err).toContain("give --key too");
  });

  it("says a refusal in a sentence on stderr and keeps stdout empty", async () => {
    const url = await serve((_, response) =>
      problem(response, 404, {
        code: "not-found",
        title: "There is nothing here that you may see",
      }),
    );
    const { code, out, err } = await wishub(["show", "u0_1", "--json", "--url", url, "--key", "k"]);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toBe("wishub: There is nothing here that you may see\n");
  });

  it("prints one JSON document and nothing else with --json", async () => {
    const answer = { hits: [], partial: false, tookMs: 3 };
    const url = await serve((_, response) =>
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer)),
    );
    const { code, out, err } = await wishub([
      "--json",
      "search",
      "anything",
      "--url",
      url,
      "--key",
      "k",
    ]);
    expect([code, JSON.parse(out), err]).toEqual([0, answer, ""]);
  });

  it("comes back when an overloaded server asks it to, and not before", async () => {
    const times: number[] = [];
    const url = await serve((_, response) => {
      times.push(performance.now());
      if (times.length === 1)
        problem(response, 503, { code: "overloaded" }, { "retry-after": "1" });
      else response.writeHead(200).end(JSON.stringify({ hits: [], partial: false, tookMs: 1 }));
    });
    const { code } = await wishub(["search", "x", "--url", url, "--key", "k"]);
    const [first = 0, second = 0] = times;
    expect([code, times.length]).toEqual([0, 2]);
    expect(second - first).toBeGreaterThanOrEqual(1_000);
  });
});

describe("wishub import", () => {
  const lines = (count: number) =>
    Array.from({ length: count }, (_, index) =>
      JSON.stringify({ title: `t${index + 1}`, body: "b" }),
    ).join("\n");

  it("goes on after the last answered line when the connection is cut, with the same key", async () => {
    const requests: { fromLine: string | null; key: string | undefined; lines: number }[] = [];
    const url = await serve((request, response, body) => {
      const fromLine = new URL(request.url ?? "", "http://x").searchParams.get("fromLine");
      requests.push({
        fromLine,
        key: String(request.headers["idempotency-key"]),
        lines: body.trim().split("\n").length,
      });
      const from = Number(fromLine);
      if (requests.length === 1) {
        response.write(unit(1) + unit(2));
        setImmediate(() => setImmediate(() => response.socket?.destroy()));
      } else
        response.end(Array.from({ length: 6 - from }, (_, index) => unit(from + index)).join(""));
    });
    writeFileSync(path.join(folder, "units.ndjson"), lines(5));
    const { code, out } = await wishub([
      "import",
      "units.ndjson",
      "--json",
      "--url",
      url,
      "--key",
      "k",
    ]);
    expect([code, (JSON.parse(out) as { imported: number }).imported]).toEqual([0, 5]);
    const answered = 5 - (requests.at(-1)?.lines ?? 0);
    expect(requests.at(-1)?.fromLine).toBe(String(answered + 1));
    expect(new Set(requests.map(({ key }) => key)).size).toBe(1);
  });

  it("numbers the lines of a resumed file as in the whole file", async () => {
    const seen: string[] = [];
    const url = await serve((request, response, body) => {
      seen.push(
        new URL(request.url ?? "", "http://x").searchParams.get("fromLine") ?? "",
        (JSON.parse(body.split("\n")[0] ?? "") as { title: string }).title,
      );
      response.end(unit(4) + unit(5));
    });
    writeFileSync(path.join(folder, "units.ndjson"), lines(5));
    const { out } = await wishub([
      "import",
      "units.ndjson",
      "--from-line",
      "4",
      "--url",
      url,
      "--key",
      "k",
    ]);
    expect([seen, out]).toEqual([["4", "t4"], "2 imported\n"]);
  });

  it("reports a bad line with its number and counts the rest", async () => {
    const url = await serve((_, response) =>
      response.end(
        `${unit(1)}${JSON.stringify({ line: 2, error: { code: "invalid-request", status: 400, errors: [{ pointer: "/title", detail: "must not be \u001b[2J empty" }] } })}\n${unit(3)}`,
      ),
    );
    const { code, out, err } = await wishub(["import", "-", "--url", url, "--key", "k"], {
      stdin: lines(3),
    });
    expect([code, out]).toEqual([1, "2 imported, 1 failed\n"]);
    expect(err).toBe("line 2: /title must not be \uFFFD[2J empty\n");
  });

  it("splits what is too long for one request", async () => {
    const sizes: number[] = [];
    const url = await serve((request, response, body) => {
      const from = Number(new URL(request.url ?? "", "http://x").searchParams.get("fromLine"));
      const count = body.trim().split("\n").length;
      sizes.push(count);
      response.end(Array.from({ length: count }, (_, index) => unit(from + index)).join(""));
    });
    const { out } = await wishub(["import", "-", "--url", url, "--key", "k"], {
      stdin: lines(2_300),
    });
    expect([sizes, out]).toEqual([[1_000, 1_000, 300], "2300 imported\n"]);
  });

  it("takes a folder of Markdown in the order of its paths and names the file of a line", async () => {
    mkdirSync(path.join(folder, "docs", "node_modules"), { recursive: true });
    const text =
      "It is durable once the write has been acknowledged by the store, and only then may the caller be told that it is done. ".repeat(
        2,
      );
    writeFileSync(path.join(folder, "docs", "b.md"), `# Second\n\n${text}`);
    writeFileSync(path.join(folder, "docs", "a.md"), `# First\n\n${text}`);
    writeFileSync(path.join(folder, "docs", "node_modules", "c.md"), `# Not ours\n\n${text}`);
    let titles: string[] = [];
    const url = await serve((_, response, body) => {
      titles = body
        .trim()
        .split("\n")
        .map((line) => (JSON.parse(line) as { title: string }).title);
      response.end(
        `${unit(1)}${JSON.stringify({ line: 2, error: { code: "unit-duplicate", status: 409, title: "This content is already published" } })}\n`,
      );
    });
    const { err } = await wishub(["import", "docs", "--public", "--url", url, "--key", "k"]);
    expect(titles).toEqual(["First", "Second"]);
    expect(err).toBe("line 2 (b.md): This content is already published\n");
  });
});
