import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { bridge } from "#domain/embedding/bridge.ts";
import { openGlossary } from "#domain/embedding/glossary.ts";
import { parseVocabulary, wordPieces } from "#domain/embedding/wordpiece.ts";

export type Tokenise = (text: string) => number[];

/** Exactly what the embedded model does to a text first, so that the vectors are of one space. */
export async function openTokeniser(folder: string): Promise<Tokenise> {
  const [words, glosses] = await Promise.all([
    readFile(join(folder, "vocabulary.txt"), "utf8"),
    readFile(join(folder, "cedict.bin")),
  ]);
  const vocabulary = parseVocabulary(words);
  const glossary = openGlossary(Uint8Array.from(glosses)); // a copy, because words of four bytes need alignment
  return (text) => wordPieces(vocabulary, bridge(glossary, text));
}
