import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { SignedXml } from "xml-crypto";

export type SamlKeys = { privateKey: KeyObject; certificate: string };

/** An RSA key with a certificate that it signs itself (RFC 5280), as providers have them. */
export function samlKeys(): SamlKeys {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  const der = (tag: number, ...parts: Buffer[]): Buffer => {
    const content = Buffer.concat(parts);
    const size = content.length;
    const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255];
    return Buffer.concat([Buffer.from([tag, ...length]), content]);
  };
  const hex = (text: string) => Buffer.from(text, "hex");
  const sha256WithRsa = der(0x30, hex("06092a864886f70d01010b0500"));
  const name = der(0x30, der(0x31, der(0x30, hex("0603550403"), der(0x0c, Buffer.from("idp")))));
  const at = (text: string) => der(0x17, Buffer.from(text));
  const tbs = der(
    0x30,
    hex("a003020102"),
    der(0x02, hex("01")),
    sha256WithRsa,
    name,
    der(0x30, at("250101000000Z"), at("491231235959Z")),
    name,
    publicKey.export({ type: "spki", format: "der" }),
  );
  const signature = sign("sha256", tbs, privateKey);
  const whole = der(0x30, tbs, sha256WithRsa, der(0x03, Buffer.from([0]), signature));
  const lines = whole.toString("base64").match(/.{1,64}/g) ?? [];
  return {
    privateKey,
    certificate: ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----"].join("\n"),
  };
}

const RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
const EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#";
const ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

export type Said = {
  issuer: string;
  audience: string;
  recipient: string;
  inResponseTo: string;
  nameId: string;
  format?: string;
  groups?: string[];
  fromMs?: number;
  untilMs?: number;
  id?: string;
};

const iso = (ms: number) => new Date(ms).toISOString();

/** What an honest provider says of somebody. */
export function assertionOf(said: Said): string {
  const nowMs = Date.now();
  const { fromMs = nowMs - 1_000, untilMs = nowMs + 300_000 } = said;
  const id = said.id ?? `_${randomBytes(16).toString("hex")}`;
  const format = said.format ?? "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";
  const values = (said.groups ?? []).map(
    (group) => `<saml:AttributeValue>${group}</saml:AttributeValue>`,
  );
  return [
    `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${id}" Version="2.0" IssueInstant="${iso(nowMs)}">`,
    `<saml:Issuer>${said.issuer}</saml:Issuer>`,
    `<saml:Subject><saml:NameID Format="${format}">${said.nameId}</saml:NameID>`,
    `<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">`,
    `<saml:SubjectConfirmationData InResponseTo="${said.inResponseTo}" Recipient="${said.recipient}" NotOnOrAfter="${iso(untilMs)}"/>`,
    `</saml:SubjectConfirmation></saml:Subject>`,
    `<saml:Conditions NotBefore="${iso(fromMs)}" NotOnOrAfter="${iso(untilMs)}">`,
    `<saml:AudienceRestriction><saml:Audience>${said.audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>`,
    `<saml:AuthnStatement AuthnInstant="${iso(nowMs)}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>`,
    `<saml:AttributeStatement><saml:Attribute Name="urn:oid:1.3.6.1.4.1.5923.1.5.1.1" FriendlyName="groups">${values.join("")}</saml:Attribute></saml:AttributeStatement>`,
    `</saml:Assertion>`,
  ].join("");
}

/** A response around assertions that are signed or not. */
export const responseOf = (said: Said, ...assertions: string[]): string =>
  [
    `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_r${randomBytes(8).toString("hex")}" Version="2.0" IssueInstant="${iso(Date.now())}" Destination="${said.recipient}" InResponseTo="${said.inResponseTo}">`,
    `<saml:Issuer>${said.issuer}</saml:Issuer>`,
    `<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>`,
    ...assertions,
    `</samlp:Response>`,
  ].join("");

type Signing = { algorithm?: string; digest?: string; element?: "Assertion" | "Response" };

/** The XML with a signature over its assertion, or over the whole response. */
export function signedXml(xml: string, { privateKey }: SamlKeys, signing: Signing = {}): string {
  const { algorithm = RSA_SHA256, element = "Assertion" } = signing;
  const { digest = "http://www.w3.org/2001/04/xmlenc#sha256" } = signing;
  const signer = new SignedXml({
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    signatureAlgorithm: algorithm,
    canonicalizationAlgorithm: EXCLUSIVE,
  });
  const xpath = `//*[local-name(.)='${element}']`;
  signer.addReference({ xpath, digestAlgorithm: digest, transforms: [ENVELOPED, EXCLUSIVE] });
  const location = { reference: `${xpath}/*[local-name(.)='Issuer']`, action: "after" as const };
  signer.computeSignature(xml, { location });
  return signer.getSignedXml();
}

/** Key confusion: an HMAC under the text of the certificate, which everybody has. */
export function macedXml(xml: string, { certificate }: SamlKeys): string {
  const signer = new SignedXml({
    privateKey: certificate,
    signatureAlgorithm: "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
    canonicalizationAlgorithm: EXCLUSIVE,
  });
  signer.enableHMAC();
  const digestAlgorithm = "http://www.w3.org/2001/04/xmlenc#sha256";
  signer.addReference({
    xpath: "//*[local-name(.)='Assertion']",
    digestAlgorithm,
    transforms: [ENVELOPED, EXCLUSIVE],
  });
  signer.computeSignature(xml, {
    location: {
      reference: "//*[local-name(.)='Assertion']/*[local-name(.)='Issuer']",
      action: "after",
    },
  });
  return signer.getSignedXml();
}
