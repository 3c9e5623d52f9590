/** An authenticator in software (WebAuthn 6): it makes passkeys with P-256 and signs with them, its user verified unless said. */
type Cbor = number | string | Uint8Array | Map<Cbor, Cbor>;

function cbor(value: Cbor): number[] {
  if (typeof value === "number") return value >= 0 ? head(0, value) : head(1, -1 - value);
  if (typeof value === "string") {
    const bytes = new TextEncoder().encode(value);
    return [...head(3, bytes.length), ...bytes];
  }
  if (value instanceof Uint8Array) return [...head(2, value.length), ...value];
  return [
    ...head(5, value.size),
    ...[...value].flatMap(([key, one]) => [...cbor(key), ...cbor(one)]),
  ];
}

function head(major: number, value: number): number[] {
  const top = major << 5;
  if (value < 24) return [top | value];
  if (value < 256) return [top | 24, value];
  return [top | 25, value >> 8, value & 255];
}

const base64url = (bytes: Uint8Array) =>
  bytes.toBase64({ alphabet: "base64url", omitPadding: true });
const fromBase64url = (text: string) => Uint8Array.fromBase64(text, { alphabet: "base64url" });
const digest = async (bytes: Uint8Array) =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
const joined = (...parts: (Uint8Array | number[])[]) =>
  Uint8Array.from(parts.flatMap((part) => [...part]));

/** Two numbers of 32 bytes as ASN.1 DER, which is how WebAuthn signatures come (6.5.5). */
function der(raw: Uint8Array): Uint8Array {
  const integer = (bytes: Uint8Array) => {
    let start = 0;
    while (start < bytes.length - 1 && bytes[start] === 0) start++;
    const kept = [...bytes.subarray(start)];
    if ((kept[0] ?? 0) > 127) kept.unshift(0);
    return [2, kept.length, ...kept];
  };
  const body = [...integer(raw.subarray(0, 32)), ...integer(raw.subarray(32))];
  return Uint8Array.from([0x30, body.length, ...body]);
}

type Said = { origin: string; challenge: string; rpId: string; userVerified?: boolean };

export async function newPasskey() {
  const pair = (await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
    "sign",
    "verify",
  ])) as CryptoKeyPair;
  const jwk = (await crypto.subtle.exportKey("jwk", pair.publicKey)) as JsonWebKey;
  const id = crypto.getRandomValues(new Uint8Array(16));
  let counter = 0;
  let userHandle = "AAAA";

  const clientData = (type: string, { origin, challenge }: Said) =>
    new TextEncoder().encode(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
  const authenticatorData = async ({ rpId, userVerified = true }: Said, attested: number[]) => {
    const flags = 1 | (userVerified ? 4 : 0) | (attested.length > 0 ? 64 : 0);
    counter += 1;
    const count = [counter >>> 24, (counter >>> 16) & 255, (counter >>> 8) & 255, counter & 255];
    return joined(await digest(new TextEncoder().encode(rpId)), [flags], count, attested);
  };
  const envelope = { id: base64url(id), rawId: base64url(id), type: "public-key" };

  return {
    id: base64url(id),
    /** What `navigator.credentials.create()` would answer. */
    async create(said: Said, user: string) {
      userHandle = user;
      const key: Cbor = new Map<Cbor, Cbor>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, fromBase64url(jwk.x ?? "")],
        [-3, fromBase64url(jwk.y ?? "")],
      ]);
      const attested = [...new Uint8Array(16), 0, id.length, ...id, ...cbor(key)];
      const attestation: Cbor = new Map<Cbor, Cbor>([
        ["fmt", "none"],
        ["attStmt", new Map()],
        ["authData", await authenticatorData(said, attested)],
      ]);
      return {
        ...envelope,
        clientExtensionResults: {},
        response: {
          clientDataJSON: base64url(clientData("webauthn.create", said)),
          attestationObject: base64url(Uint8Array.from(cbor(attestation))),
          transports: ["internal"],
        },
      };
    },
    /** What `navigator.credentials.get()` would answer. */
    async get(said: Said) {
      const data = await authenticatorData(said, []);
      const client = clientData("webauthn.get", said);
      const raw = await crypto.subtle.sign(
        { name: "ECDSA", hash: "SHA-256" },
        pair.privateKey,
        joined(data, await digest(client)),
      );
      return {
        ...envelope,
        clientExtensionResults: {},
        response: {
          clientDataJSON: base64url(client),
          authenticatorData: base64url(data),
          signature: base64url(der(new Uint8Array(raw))),
          userHandle,
        },
      };
    },
    /** As a copy of it would: with the counter of before. */
    rewind(by: number) {
      counter -= by;
    },
  };
}
