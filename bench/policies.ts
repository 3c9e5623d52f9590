import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { ROOT } from "#scripts/launch/paths.ts";
import { say } from "#scripts/launch/say.ts";
import { installPeers, peerFolder } from "./lib/peers/install.ts";

// What one decision costs inside workerd under a policy of 20 rules that all speak of the action, and what the engine
// adds to a Worker. --peer: beside CASL and Cedar, given the same rules.

const RULES = 20;
const kinds = Array.from({ length: RULES - 1 }, (_, i) => `secret${i}`);

/** Each source defines `decideOne(k)`, which is allowed for every k. */
type Candidate = { name: string; source: string; decisions: number; wasm?: string };

const ours: Candidate = {
  name: "ours, conditions in CEL",
  decisions: 100_000,
  source: `
    import { compile, decide } from "#domain/policies/policies.ts";
    const rule = (id, when) => ({ id, effect: "forbid", actions: ["unit.*"], when });
    const kinds = ${JSON.stringify(kinds)};
    let policies;
    const principal = { accountId: "a", principalId: "p", keyId: "k", kind: "key", role: "member",
      scopes: new Set(["units:write", "units:read"]), policyVersion: 1 };
    function decideOne(k) {
      policies ??= compile({ version: 1, otherwise: "allow", rules: [
        rule("a", 'resource.visibility == "public" && "internal" in resource.tags'),
        ...kinds.map((kind, i) => rule("r" + i, \`resource.kind == "\${kind}"\`))] });
      const attributes = { visibility: "public", kind: "note", language: "en", tags: ["a" + k, "b"],
        level: "L3", status: "searchable", authorId: "p", own: true };
      return decide(policies, principal, "unit.read", { type: "unit", id: "u", attributes }, 0).decision === "allow";
    }`,
};

const casl: Candidate = {
  name: "CASL",
  decisions: 100_000,
  source: `
    import { createMongoAbility, subject } from ${JSON.stringify(join(peerFolder("@casl/ability"), "dist/esm/index.mjs"))};
    const forbid = (conditions) => ({ action: "unit.read", subject: "unit", inverted: true, conditions });
    let ability;
    function decideOne(k) {
      ability ??= createMongoAbility([{ action: "unit.read", subject: "unit" },
        forbid({ visibility: "public", tags: { $in: ["internal"] } }),
        ...${JSON.stringify(kinds)}.map((kind) => forbid({ kind }))]);
      return ability.can("unit.read", subject("unit", { visibility: "public", tags: ["a" + k, "b"], kind: "note" }));
    }`,
};

const cedarFile = (name: string) => join(peerFolder("@cedar-policy/cedar-wasm"), "esm", name);
const cedar: Candidate = {
  name: "Cedar",
  decisions: 2_000,
  wasm: cedarFile("cedar_wasm_bg.wasm"),
  source: `
    import module from "./engine.wasm";
    import * as cedar from ${JSON.stringify(cedarFile("cedar_wasm_bg.js"))};
    let ready = false;
    function start() {
      const { exports } = new WebAssembly.Instance(module, { "./cedar_wasm_bg.js": cedar });
      cedar.__wbg_set_wasm(exports);
      exports.__wbindgen_start();
      const forbid = (when) => \`forbid(principal, action, resource) when { \${when} };\`;
      const staticPolicies = ["permit(principal, action, resource);",
        forbid('resource.visibility == "public" && resource.tags.contains("internal")'),
        ...${JSON.stringify(kinds)}.map((kind) => forbid(\`resource.kind == "\${kind}"\`))].join("\\n");
      const parsed = cedar.preparsePolicySet("set", { staticPolicies, templates: {}, templateLinks: [] });
      if (parsed.type !== "success") throw new Error(JSON.stringify(parsed));
      ready = true;
    }
    function decideOne(k) {
      if (!ready) start();
      const uid = { type: "Unit", id: "u" };
      const attrs = { visibility: "public", tags: ["a" + k, "b"], kind: "note" };
      const answer = cedar.statefulIsAuthorized({ principal: { type: "Principal", id: "p" }, resource: uid,
        action: { type: "Action", id: "unit.read" }, context: {}, preparsedPolicySetId: "set", validateRequest: false,
        entities: [{ uid, attrs, parents: [] }] });
      return answer.type === "success" && answer.response.decision === "allow";
    }`,
};

const withPeer = process.argv.includes("--peer");
if (withPeer) await installPeers(["@casl/ability", "@cedar-policy/cedar-wasm"]);
for (const candidate of withPeer ? [ours, casl, cedar] : [ours]) await measure(candidate);

async function measure({ name, source, decisions, wasm }: Candidate): Promise<void> {
  const worker = `${source}
    export default { fetch(request) {
      const n = Number(new URL(request.url).searchParams.get("n"));
      let allowed = 0;
      for (let k = 0; k < n; k++) if (decideOne(k)) allowed++;
      return new Response(String(allowed));
    } };`;
  const contents = await bundled(worker, []);
  const engine = wasm === undefined ? undefined : new Uint8Array(readFileSync(wasm));
  // zod is in the Worker anyway.
  const added = gzipSync(await bundled(worker, ["zod"])).length;
  const bytes = added + (engine === undefined ? 0 : gzipSync(engine).length);
  const miniflare = started(contents, engine);
  try {
    const url = await miniflare.ready;
    const ask = async (n: number) => {
      const startMs = performance.now();
      const allowed = await (await fetch(new URL(`?n=${n}`, url))).text();
      if (allowed !== String(n)) throw new Error(`${name} allowed ${allowed} of ${n}`);
      return performance.now() - startMs;
    };
    const firstMs = await ask(1);
    await ask(decisions);
    const times: number[] = [];
    for (let i = 0; i < 5; i++) times.push(await ask(decisions));
    const median = times.toSorted((a, b) => a - b)[2] ?? Number.NaN;
    const each = ((median / decisions) * 1_000).toFixed(1);
    say(
      `${name.padEnd(24)} ${each.padStart(6)} µs a decision   first one ${firstMs.toFixed(0)} ms   ${(bytes / 1_024).toFixed(0)} KiB gzip`,
    );
  } finally {
    await miniflare.dispose();
  }
}

async function bundled(contents: string, elsewhere: string[]): Promise<string> {
  const built = await build({
    stdin: { contents, resolveDir: ROOT, loader: "js" },
    bundle: true,
    minify: true,
    format: "esm",
    target: "esnext",
    conditions: ["workerd"],
    external: ["./engine.wasm", ...elsewhere],
    write: false,
    logLevel: "warning",
  });
  return built.outputFiles[0]?.text ?? "";
}

function started(contents: string, engine: Uint8Array<ArrayBuffer> | undefined): Miniflare {
  const modules = {
    "worker.js": { type: "esm" as const, contents },
    ...(engine !== undefined && { "engine.wasm": { type: "wasm" as const, contents: engine } }),
  };
  return new Miniflare({
    cf: false,
    telemetry: { enabled: false },
    workers: [
      {
        config: {
          name: "bench",
          compatibilityDate: "2026-11-17",
          manifest: { mainModule: "worker.js", modules },
        },
      },
    ],
  });
}
