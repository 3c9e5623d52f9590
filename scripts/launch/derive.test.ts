import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { WORKERS_AI_SPACE } from "#domain/embedding/space.ts";
import { derive, DERIVED, deriveConfigs, type Face } from "./derive.ts";
import { readWranglerConfig, type WranglerConfig } from "./wrangler-config.ts";

type Config = {
  ai?: object;
  analytics_engine_datasets?: object[];
  compatibility_flags: string[];
  vars: Record<string, string>;
  services?: { binding: string }[];
  tail_consumers?: { service: string }[];
  durable_objects?: { bindings: { name: string; script_name?: string }[] };
  queues?: { consumers?: object[]; producers?: { binding: string; queue: string }[] };
};
const configs = {} as Record<Face, Config>;
let config: WranglerConfig;
let firstObjects = "";

beforeAll(async () => {
  config = await readWranglerConfig();
  const paths = await deriveConfigs();
  ({ firstObjects } = paths);
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

  it("have all but the proofs tell the tail how they end, which reaches the platform's log and nothing else", () => {
    for (const face of DERIVED)
      expect(configs[face].tail_consumers).toEqual(
        face === "proofs" || face === "tail" ? undefined : [{ service: "wishub-tail" }],
      );
    expect(configs.tail.durable_objects?.bindings).toEqual([
      { name: "TRACE", class_name: "Trace", script_name: "wishub-objects" },
    ]);
    expect(
      Object.keys(configs.tail).filter((name) => /d1|r2|queues|vars|services|routes/.test(name)),
    ).toEqual([]);
  });

  it("bring the objects first without what is not there yet", () => {
    const { services, tail_consumers: tails } = JSON.parse(
      readFileSync(firstObjects, "utf8"),
    ) as Config;
    expect([services, tails]).toEqual([[], []]);
  });

  it("let the edge and the jobs send mail, by the operator's Worker or from one address of theirs", () => {
    const own = { mail: { service: "post" }, mailFrom: "wishub@example.com" };
    for (const face of DERIVED) {
      const { services = [], send_email: sending } = derive(config, own, face) as {
        services?: { binding: string }[];
        send_email?: object[];
      };
      const isSender = face === "edge" || face === "jobs";
      expect(services.some(({ binding }) => binding === "MAIL")).toBe(isSender);
      const from = { name: "SEND_EMAIL", allowed_sender_addresses: ["wishub@example.com"] };
      expect(sending).toEqual(isSender ? [from] : undefined);
    }
  });

  it("let the jobs alone send as channels do, from any address of the domain whose mail they are handed", () => {
    const own = { mailFrom: "wishub@example.com", mailDomain: "in.example.com" };
    for (const face of BOUND) {
      const { vars, send_email: sending } = derive(config, own, face) as {
        vars: Record<string, string>;
        send_email?: object[];
      };
      expect(vars["WISHUB_MAIL_DOMAIN"]).toBe("in.example.com");
      const bound = { name: "SEND_EMAIL", allowed_sender_addresses: ["wishub@example.com"] };
      const expected = { objects: undefined, jobs: [{ name: "SEND_EMAIL" }], edge: [bound] };
      expect(sending, face).toEqual(expected[face]);
    }
  });

  it.each(BOUND)(
    "bind Workers AI to %s and name the model it embeds with, not EmbeddedAI",
    (face) => {
      expect(configs[face].ai).toEqual({ binding: "AI" });
      expect(configs[face].vars["WISHUB_EMBED_MODEL"]).toBe(WORKERS_AI_SPACE.model);
      expect((configs[face].services ?? []).map(({ binding }) => binding)).not.toContain("AI");
    },
  );

  it("give the platform's own analytics what every face measures", () => {
    for (const face of BOUND)
      expect(configs[face].analytics_engine_datasets).toEqual([
        { binding: "ANALYTICS", dataset: "wishub_metrics" },
      ]);
  });

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
    const { consumers } = config.queues;
    expect(consumers.length).toBeGreaterThan(10);
    expect(configs.jobs.queues?.consumers).toHaveLength(consumers.length);
    expect(configs.edge.queues?.consumers ?? []).toEqual([]);
    expect(configs.objects.queues?.consumers ?? []).toEqual([]);
  });

  it("give the platform's queue of heavy jobs to the objects that announce them, and nowhere a Worker that consumes it", () => {
    const jobs = { binding: "GPU_JOBS", queue: "gpu-jobs" };
    expect(configs.objects.queues?.producers).toContainEqual(jobs);
    for (const face of ["jobs", "edge"] as const)
      expect(configs[face].queues?.producers).not.toContainEqual(jobs);
    expect(JSON.stringify(configs.jobs.queues?.consumers)).not.toContain("gpu-jobs");
    // Here the product keeps that queue itself.
    expect(JSON.stringify(config.queues)).not.toContain("gpu-jobs");
  });
});
