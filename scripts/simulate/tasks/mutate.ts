import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import { inRoot } from "#scripts/launch/paths.ts";
import { type Mutant, STALE } from "#scripts/simulate/tasks/mutants.ts";

// Loaded before anything else: the modules of this process are read with one fault in them.

const { file, from, to } = JSON.parse(process.env["WISHUB_MUTANT"] ?? "{}") as Mutant;
const target = pathToFileURL(inRoot(file)).href;

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (url !== target) return loaded;
    const source =
      typeof loaded.source === "string" ? loaded.source : new TextDecoder().decode(loaded.source);
    if (!source.includes(from)) process.exit(STALE);
    return { ...loaded, source: source.replace(from, () => to) };
  },
});
