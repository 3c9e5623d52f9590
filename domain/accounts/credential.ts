import { base32 } from "#domain/shared/base32.ts";

/**
 * `wh0_<id>_<secret><checksum>`: `wh` an API key, `ws` a browser session, `wc` a single-use console code, `wl` a link
 * that was mailed; then the catalog shard, so that no lookup finds it. The checksum lets scanners and this code tell a typo or a random guess
 * from a credential without asking storage. Those of OAuth: `wo` a client's secret, `wa` an authorisation code, `wd` a
 * device code; the last two name the grant that they turn into.
 */
export type Credential = { kind: CredentialKind; shard: number; id: string };
export type CredentialKind = keyof typeof PREFIXES;

const PREFIXES = {
  key: "wh",
  session: "ws",
  code: "wc",
  link: "wl",
  client: "wo",
  authorization: "wa",
  device: "wd",
} as const;
const ID_LETTERS = {
  key: "k",
  session: "s",
  code: "c",
  link: "l",
  client: "o",
  authorization: "g",
  device: "g",
} as const;
const KINDS = new Map(
  (Object.keys(PREFIXES) as CredentialKind[]).map((kind) => [PREFIXES[kind], kind] as const),
);
const SHAPE = /^(w[a-z])([0-9a-z])_([0-9a-v]{16})_([0-9a-v]{32})([0-9a-v]{6})$/;

export const ID_BYTES = 10;
export const SECRET_BYTES = 20;

/** A new credential and the id under which its hash is stored. */
export function mintCredential(
  kind: CredentialKind,
  shard: number,
  idBytes: Uint8Array,
  secretBytes: Uint8Array,
): { id: string; text: string } {
  const name = base32(idBytes.subarray(0, ID_BYTES));
  const text = `${PREFIXES[kind]}${shard.toString(36)}_${name}_${base32(secretBytes.subarray(0, SECRET_BYTES))}`;
  return { id: idOf(kind, shard.toString(36), name), text: text + checksum(text) };
}

/** What a credential claims to be, or null for anything this product never made. */
export function parseCredential(text: string): Credential | null {
  const [, prefix, shard, name] = SHAPE.exec(text) ?? [];
  if (prefix === undefined || shard === undefined || name === undefined) return null;
  const kind = KINDS.get(prefix as (typeof PREFIXES)[CredentialKind]);
  if (kind === undefined || checksum(text.slice(0, -6)) !== text.slice(-6)) return null;
  return { kind, shard: Number.parseInt(shard, 36), id: idOf(kind, shard, name) };
}

const MEMBER_LETTERS = {
  account: "a",
  principal: "p",
  person: "h",
  mail: "m",
  agent: "n",
  webhook: "w",
} as const;

/** The id of an account, a principal, a person, a mail, an agent or a webhook; like every id it names its shard. */
export const memberId = (kind: keyof typeof MEMBER_LETTERS, shard: number, bytes: Uint8Array) =>
  `${MEMBER_LETTERS[kind]}${shard.toString(36)}_${base32(bytes.subarray(0, ID_BYTES))}`;

/** The catalog shard an id names, or null where it cannot be an id of the catalog. */
export function catalogShardOf(id: string): number | null {
  const shard = /^[akpschlmognw]([0-9a-z])_[0-9a-v]{16}$/.exec(id)?.[1];
  return shard === undefined ? null : Number.parseInt(shard, 36);
}

const idOf = (kind: CredentialKind, shard: string, name: string) =>
  `${ID_LETTERS[kind]}${shard}_${name}`;

/** CRC-32 (ISO-HDLC), its low 30 bits. It finds mistakes; the stored hash is what authenticates. */
export function checksum(text: string): string {
  let crc = ~0;
  for (let i = 0; i < text.length; i++) {
    crc ^= text.charCodeAt(i);
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ((~crc >>> 0) & 0x3fffffff).toString(32).padStart(6, "0");
}
