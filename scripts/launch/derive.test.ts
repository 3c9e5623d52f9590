import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { WORKERS_AI_SPACE } from "#domain/embedding/space.ts";
import { derive, DERIVED, deriveConfigs, type Face } from "./derive.ts";
import { readWranglerConfig, type WranglerConfig } from "./wrangler-config.ts";

type Config = {
  ai?: object;
  compatibility_flags: string[];
  vars: Record<string, string>;
  services?: { binding: string }[];
  durable_objects?: { bindings: { name: string; script_name?: string }[] };
  queues?: { consumers?: object[] };
};
const configs = {} as Record<Face, Config>;
let config: WranglerConfig;

beforeAll(async () => {
  config = await readWranglerConfig();
  const paths = await deriveConfigs();
  for (const face of DERIVED)
    configs[face] = JSON.parse(readFileSync(paths[face], "utf8")) as Config;
});

/** Those that the product's own bindings go to. */
const BOUND = ["objects", "jobs", "edge"] as const;

describe("the production configurations", () => {
  it("give the proofs nothing to keep anything in, let the edge alone ask for them, and objects alone for operations", () => {
    expect(
      Object.keys(configs.proofs).filter((name) => /durable|d1|r2|queues|vars/.test(name)),
    ).toEqual([]);
    const asked: Partial<Record<Face, object[]>> = {
      edge: [{ binding: "PROOFS", service: "wishub-proofs", entrypoint: "Proofs" }],
      objects: [{ binding: "OPERATIONS", service: "wishub-edge", entrypoint: "Operations" }],
    };
    for (const face of DERIVED) expect(configs[face].services ?? []).toEqual(asked[face] ?? []);
  });

  it.each(BOUND)(
    "bind Workers AI to %s and name the model it embeds with, not EmbeddedAI",
    (face) => {
      expect(configs[face].ai).toEqual({ binding: "AI" });
      expect(configs[face].vars["WISHUB_EMBED_MODEL"]).toBe(WORKERS_AI_SPACE.model);
      expect((configs[face].services ?? []).map(({ binding }) => binding)).not.toContain("AI");
    },
  );

  it("reach targets that anybody may name by the platform's own network, and their own zone by its public door", () => {
    for (const face of BOUND) {
      expect(configs[face].vars["WISHUB_EGRESS_NETWORK"]).toBe("platform");
      expect(configs[face].compatibility_flags).toContain("global_fetch_strictly_public");
    }
  });

  it("reach every object in the one Worker that holds them", () => {
    for (const face of ["edge", "jobs"] as const) {
      const bindings = configs[face].durable_objects?.bindings ?? [];
      expect(bindings.length).toBeGreaterThan(3);
      expect(bindings.every(({ script_name }) => script_name === "wishub-objects")).toBe(true);
    }
  });

  it("bind the indexes of deploy.json to all three, since objects write them and the edge asks them", () => {
    const own = { vectorize: { VECTORIZE: "wishub-public-0", VECTORIZE_1: "wishub-public-1" } };
    for (const face of BOUND)
      expect(derive(config, own, face)["vectorize"]).toEqual([
        { binding: "VECTORIZE", index_name: "wishub-public-0" },
        { binding: "VECTORIZE_1", index_name: "wishub-public-1" },
      ]);
  });

  it("refuse indexes that nobody would find, and names that are none", () => {
    const refused = (vectorize: Record<string, string>) => () =>
      derive(config, { vectorize }, "edge");
    expect(refused({ VECTORIZE: "a", VECTORIZE_2: "b" })).toThrow("VECTORIZE_1");
    expect(refused({ VECTORISE: "a" })).toThrow("VECTORISE");
  });

  it("let the jobs alone consume the queues", () => {
    expect(configs.jobs.queues?.consumers).toHaveLength(4);
    expect(configs.edge.queues?.consumers ?? []).toEqual([]);
    expect(configs.objects.queues?.consumers ?? []).toEqual([]);
  });
});
