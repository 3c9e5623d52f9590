import canonicalize from "canonicalize";
import { base32 } from "multiformats/bases/base32";
import { CID } from "multiformats/cid";
import * as digest from "multiformats/hashes/digest";
import { sha256, sha256Hex } from "#domain/shared/hash.ts";
import type { UnitContent } from "#domain/units/model.ts";

const JSON_CODEC = 0x0200;
const SHA2_256 = 0x12;

/**
 * The content id of a unit: CIDv1, codec json, sha2-256, base32, over the RFC 8785 form of its content.
 * A private unit has a random salt, so that nobody can test a guess of its content against the id.
 */
export async function contentIdOf(content: UnitContent, salt: string | null): Promise<string> {
  const hash = await sha256(canonicalForm(salt === null ? content : { ...content, salt }));
  return CID.createV1(JSON_CODEC, digest.create(SHA2_256, hash)).toString(base32);
}

/**
 * Names equal content inside one collection, hex: what exact duplicates are found by and what a search shard is
 * chosen by. `owner` is "public" or the account of a private collection. It is never shown to anyone.
 */
export async function contentKeyOf(owner: string, content: UnitContent): Promise<string> {
  return await sha256Hex(`${owner}\n${canonicalForm(content)}`);
}

function canonicalForm(content: UnitContent & { salt?: string }): string {
  const text = canonicalize({ ...content, tags: [...content.tags].sort() });
  if (text === undefined) throw new Error("content has no canonical form");
  return text;
}
