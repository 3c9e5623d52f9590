import { DIMENSIONS, vectorAt } from "#bench/lib/real-vectors.ts";
import { type VectorEngine, WIDTHS } from "./engine.ts";
import { peer } from "./install.ts";

type Hnswlib = {
  HierarchicalNSW: new (
    space: "ip",
    dimensions: number,
  ) => {
    initIndex(count: number, m: number, efConstruction: number, seed: number): void;
    addPoint(point: number[], label: number): void;
    setEf(ef: number): void;
    searchKnn(query: number[], count: number): { neighbors: number[] };
  };
};

const M = 16;
const EF_CONSTRUCTION = 200;

/** hnswlib through hnswlib-node, with its own defaults; as npm compiles it, which is without -march=native. */
export function hnswlib(): VectorEngine {
  const { HierarchicalNSW } = peer<Hnswlib>("hnswlib-node");
  const index = new HierarchicalNSW("ip", DIMENSIONS);
  return {
    built: `M ${M}, efConstruction ${EF_CONSTRUCTION}, float32`,
    knob: "ef",
    settings: WIDTHS,
    build(vectors, count) {
      index.initIndex(count, M, EF_CONSTRUCTION, 42);
      for (let n = 0; n < count; n++) index.addPoint(Array.from(vectorAt(vectors, n)), n);
    },
    turn: (ef) => index.setEf(ef),
    prepared: (query) => Array.from(query),
    search: (query, limit) => index.searchKnn(query as number[], limit).neighbors,
  };
}
