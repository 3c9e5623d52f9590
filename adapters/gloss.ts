import { bridge } from "#domain/embedding/bridge.ts";
import { type Glossary, openGlossary } from "#domain/embedding/glossary.ts";
import { EMBEDDED_SPACE } from "#domain/embedding/space.ts";

const HAS_IDEOGRAPH = /\p{Script=Han}/u;

/** The isolate's glossary: the value and not its promise, which another request could not await. */
let glossary: Glossary | null = null;

/**
 * The English glosses of a Chinese query, so that a search by words crosses the languages too. Only the embedded space
 * needs them: the models of other spaces read Chinese. Empty where there is nothing to add.
 */
export function glosses(env: Env) {
  return async (space: string, text: string): Promise<string> => {
    if (space !== EMBEDDED_SPACE.id || !HAS_IDEOGRAPH.test(text)) return "";
    glossary ??= await loadGlossary(env.ASSETS);
    return bridge(glossary, text);
  };
}

/** Reads the asset that scripts/build-model.ts made of CC-CEDICT. */
export async function loadGlossary(assets: Fetcher): Promise<Glossary> {
  return openGlossary(new Uint8Array(await (await modelAsset(assets, "cedict.bin")).arrayBuffer()));
}

/** A file of dist/assets/model. Throws where it is missing. */
export async function modelAsset(assets: Fetcher, name: string): Promise<Response> {
  const response = await assets.fetch(`http://assets/model/${name}`);
  if (!response.ok) throw new Error(`model/${name} is not among the assets: build the model`);
  return response;
}
