import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "..", "..");
export const DIST = join(ROOT, "dist");
export const WORKER_DIST = join(DIST, "worker");
export const ASSETS_DIST = join(DIST, "assets");
export const WORKERD = join(ROOT, "node_modules", "workerd", "bin", "workerd");
export const inRoot = (...parts: string[]): string => join(ROOT, ...parts);
