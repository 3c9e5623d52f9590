/** Where vectors may be compared: same space, same model, same preprocessing. Its id is stored with every vector. */
export type Space = { id: string; model: string; dimensions: number };

/** The model inside the product; Chinese reaches it through the CC-CEDICT bridge. A change of either is a new id. */
export const EMBEDDED_SPACE = {
  id: "minilm-l6-int8+cedict@1",
  model: "wishub/all-minilm-l6-v2-int8",
  dimensions: 384,
} as const satisfies Space;

/** Deployed, with the `AI` binding being Workers AI. */
export const WORKERS_AI_SPACE = {
  id: "@cf/baai/bge-m3",
  model: "@cf/baai/bge-m3",
  dimensions: 1_024,
} as const satisfies Space;
