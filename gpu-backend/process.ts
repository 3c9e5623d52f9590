import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const ROOT = join(import.meta.dirname, "..");
const BUILDS = ["build-onnx.ts", "build-gpu.ts"];

/** Brings what the process runs up to date; quick when it already is. The vocabulary is only made when missing. */
export async function buildBackend(): Promise<void> {
  const model = existsSync(join(ROOT, "dist/assets/model/cedict.bin")) ? [] : ["build-model.ts"];
  for (const script of [...model, ...BUILDS]) {
    await promisify(execFile)(process.execPath, [join(ROOT, "scripts", script)], { cwd: ROOT });
  }
}

export type Backend = {
  url: string;
  child: ChildProcess;
  /** Code or signal, once the process has ended. */
  ended: Promise<number | string>;
  embed(input: string | string[], options?: EmbedOptions): Promise<Response>;
  vectors(input: string[], options?: EmbedOptions): Promise<Float32Array[]>;
};

type EmbedOptions = { headers?: Record<string, string>; signal?: AbortSignal };

/** The built gpu-backend as a process of its own, on a free port. For tests and benchmarks. */
export async function startBackend(env: Record<string, string> = {}): Promise<Backend> {
  const child = spawn(process.execPath, [join(ROOT, "dist/gpu-backend/main.mjs")], {
    env: { PATH: process.env["PATH"], WISHUB_GPU_PORT: "0", ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const ended = new Promise<number | string>((done) =>
    child.once("exit", (code, signal) => done(code ?? signal ?? "")),
  );
  let errors = "";
  child.stderr
    .setEncoding("utf8")
    .on("data", (text: string) => (errors = (errors + text).slice(-4_096)));
  const url = await new Promise<string>((ready, failed) => {
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      const found = /^gpu-backend ready (\S+)$/m.exec(output)?.[1];
      if (found) ready(found);
    });
    void ended.then((code) => failed(new Error(`the gpu-backend ended (${code}): ${errors}`)));
  });
  const embed = (input: string | string[], options: EmbedOptions = {}) =>
    fetch(`${url}/v1/embeddings`, {
      method: "POST",
      headers: { "content-type": "application/json", ...options.headers },
      body: JSON.stringify({ input, encoding_format: "base64" }),
      ...(options.signal ? { signal: options.signal } : {}),
    });
  return {
    url,
    child,
    ended,
    embed,
    async vectors(input, options) {
      const response = await embed(input, options);
      if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
      const { data } = (await response.json()) as { data: { embedding: string }[] };
      return data.map(
        ({ embedding }) =>
          new Float32Array(Uint8Array.from(Buffer.from(embedding, "base64")).buffer),
      );
    },
  };
}

/** Of unit vectors. */
export const cosine = (a: Float32Array, b: Float32Array) =>
  a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
