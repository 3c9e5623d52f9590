import { base64Of, bytesOf } from "#domain/shared/bytes.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

/** Clocks of two organisations differ by seconds. */
const SKEW_MS = 30_000;

/** What an assertion must have been made for. */
export type SamlExpectation = {
  /** The provider's entity id, and ours. */
  issuer: string;
  audience: string;
  acsUrl: string;
  /** The request that this browser took along. */
  requestId: string;
};
/** Whom a verified assertion names. `attributes` also by their friendly names. */
export type SamlSubject = {
  assertionId: string;
  nameId: string;
  attributes: [name: string, values: string[]][];
  /** When the assertion has run out for everybody, our tolerance included. */
  untilMs: number;
};

export const entityIdOf = (publicUrl: string, id: string) => `${publicUrl}/sso/${id}/metadata`;
export const acsUrlOf = (publicUrl: string, id: string) => `${publicUrl}/sso/${id}/acs`;

/** Where to send a browser to sign in: a request by the redirect binding (SAML bindings 3.4), not signed. */
export async function samlRequestUrl(
  ssoUrl: string,
  { audience, acsUrl, requestId }: Omit<SamlExpectation, "issuer">,
  nowMs: number,
): Promise<string> {
  const xml = [
    `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"`,
    ` ID="${escaped(requestId)}" Version="2.0" IssueInstant="${new Date(nowMs).toISOString()}"`,
    ` Destination="${escaped(ssoUrl)}" AssertionConsumerServiceURL="${escaped(acsUrl)}"`,
    ` ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"><saml:Issuer>${escaped(audience)}</saml:Issuer>`,
    `<samlp:NameIDPolicy AllowCreate="true"/></samlp:AuthnRequest>`,
  ].join("");
  const packed = new Blob([xml]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const url = new URL(ssoUrl);
  const bytes = new Uint8Array(await new Response(packed).arrayBuffer());
  url.searchParams.set("SAMLRequest", base64Of(bytes));
  url.searchParams.set("RelayState", requestId);
  return url.href;
}

/** What a provider's administrator is given to connect us (SAML metadata 2.4.4). */
export function samlMetadata(entityId: string, acsUrl: string): string {
  return [
    `<?xml version="1.0" encoding="UTF-8"?>\n<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${escaped(entityId)}">`,
    `<md:SPSSODescriptor AuthnRequestsSigned="false" WantAssertionsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">`,
    `<md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>`,
    `<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="${escaped(acsUrl)}" index="0" isDefault="true"/>`,
    `</md:SPSSODescriptor></md:EntityDescriptor>\n`,
  ].join("");
}

const escaped = (text: string) =>
  text.replaceAll(/[<>&"'\r\n\t]/g, (one) => `&#${one.charCodeAt(0)};`);

/** Signatures that are taken: RSA with SHA-2, over exclusively canonical XML. */
const ALGORITHMS = new Set([
  "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
  "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
  "http://www.w3.org/2001/04/xmlenc#sha256",
  "http://www.w3.org/2001/04/xmlenc#sha512",
  "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
  "http://www.w3.org/2001/10/xml-exc-c14n#",
]);

/**
 * The XML of a posted response, before any parser sees it. What two parsers could read in two ways is no part of an honest
 * response: document types and entities, comments (which canonical XML drops), CDATA, processing instructions.
 */
export function samlXml(posted: string): Result<string, string> {
  if (posted.length > LIMITS.samlResponseCharsMax) return err("it is too long");
  let xml: string;
  try {
    const bytes = bytesOf(posted.replaceAll(/\s/g, ""));
    xml = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return err("it is not base64 of UTF-8");
  }
  const body = xml.replace(/^\s*<\?xml [^?]{0,200}\?>/, "");
  if (/<[!?]/.test(body)) return err("it holds more than elements and text");
  if (!isModest(body)) return err("it holds too many elements");
  for (const [, algorithm = ""] of body.matchAll(/\bAlgorithm\s*=\s*["']([^"']{0,200})["']/g))
    if (!ALGORITHMS.has(algorithm)) return err("it is signed in a way that is not taken");
  return ok(xml);
}

/** Tags, nesting and namespaces of a response with some hundred groups; parsing takes longer with the square of each. */
const TAGS_MAX = 1_600;
const NESTING_MAX = 100;
const ATTRIBUTES_MAX = 2_400;
const NAMESPACES_MAX = 100;

function isModest(xml: string): boolean {
  let [tags, open] = [0, 0];
  for (let at = xml.indexOf("<"); at >= 0; at = xml.indexOf("<", at + 1)) {
    // An element that closes itself counts as open: there are few of those.
    open += xml.charAt(at + 1) === "/" ? -1 : 1;
    if (++tags > TAGS_MAX || open > NESTING_MAX) return false;
  }
  const times = (part: string) => xml.split(part, ATTRIBUTES_MAX + 2).length - 1;
  return times("=") <= ATTRIBUTES_MAX && times("xmlns") <= NAMESPACES_MAX;
}

type Node = Readonly<Record<string, unknown>>;

/**
 * Whom a signed assertion names, if it is for us, now, and the answer to this request (SAML profiles 4.1.4.3). `assertion`
 * is what xml2js made of the bytes that were signed: a list a child, text in `_`, attributes in `$`.
 */
export function samlSubject(
  assertion: unknown,
  { issuer, audience, acsUrl, requestId }: SamlExpectation,
  nowMs: number,
): Result<SamlSubject, string> {
  const assertionId = attribute(assertion, "ID");
  if (assertionId === undefined || assertionId.length > 256) return err("it has no id");
  if (textOf(only(assertion, "Issuer")) !== issuer) return err("it is another provider's");
  const conditions = only(assertion, "Conditions");
  if (conditions === undefined || !isNow(conditions, nowMs)) return err("it is not valid now");
  const audiences = children(conditions, "AudienceRestriction");
  const isForUs = (restriction: unknown) =>
    children(restriction, "Audience").some((each) => textOf(each) === audience);
  if (audiences.length === 0 || !audiences.every(isForUs)) return err("it is for somebody else");
  const subject = only(assertion, "Subject");
  const confirmation = children(subject, "SubjectConfirmation")
    .filter((each) => attribute(each, "Method") === "urn:oasis:names:tc:SAML:2.0:cm:bearer")
    .flatMap((each) => children(each, "SubjectConfirmationData"))
    .find((data) => attribute(data, "InResponseTo") === requestId);
  if (confirmation === undefined) return err("it answers another request, or none");
  if (attribute(confirmation, "Recipient") !== acsUrl) return err("it is for another address");
  const endMs = timeOf(confirmation, "NotOnOrAfter");
  if (endMs === null || !isNow(confirmation, nowMs)) return err("it is not valid now");
  const nameId = only(subject, "NameID");
  const name = textOf(nameId);
  if (name === undefined || name.length > 1_024) return err("it names nobody");
  if (attribute(nameId, "Format")?.endsWith(":transient") === true)
    return err("its name for you changes every time");
  const attributes = attributesIn(assertion);
  return ok({ assertionId, nameId: name, attributes, untilMs: endMs + SKEW_MS });
}

function attributesIn(assertion: unknown): SamlSubject["attributes"] {
  const found: SamlSubject["attributes"] = [];
  for (const statement of children(assertion, "AttributeStatement")) {
    for (const each of children(statement, "Attribute")) {
      const values = children(each, "AttributeValue").flatMap((value) => textOf(value) ?? []);
      for (const name of new Set([attribute(each, "Name"), attribute(each, "FriendlyName")]))
        if (name !== undefined && found.length < LIMITS.attributesMax) found.push([name, values]);
    }
  }
  return found;
}

/** Both bounds are optional here; whoever needs one asks for it. */
function isNow(node: unknown, nowMs: number): boolean {
  const [from, to] = [timeOf(node, "NotBefore"), timeOf(node, "NotOnOrAfter")];
  const hasOdd = [from, to].some((each) => Number.isNaN(each));
  return (
    !hasOdd && (from === null || from <= nowMs + SKEW_MS) && (to === null || nowMs - SKEW_MS < to)
  );
}

function timeOf(node: unknown, name: string): number | null {
  const text = attribute(node, name);
  if (text === undefined) return null;
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(text) ? Date.parse(text) : Number.NaN;
}

const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null;

function children(node: unknown, name: string): readonly unknown[] {
  const found = isNode(node) && Object.hasOwn(node, name) ? node[name] : undefined;
  return Array.isArray(found) ? found : [];
}

function only(node: unknown, name: string): unknown {
  const found = children(node, name);
  return found.length === 1 ? found[0] : undefined;
}

function attribute(node: unknown, name: string): string | undefined {
  const attributes = isNode(node) && Object.hasOwn(node, "$") ? node["$"] : undefined;
  const found =
    isNode(attributes) && Object.hasOwn(attributes, name) ? attributes[name] : undefined;
  return typeof found === "string" ? found : undefined;
}

function textOf(node: unknown): string | undefined {
  const text =
    typeof node === "string"
      ? node
      : isNode(node) && Object.hasOwn(node, "_")
        ? node["_"]
        : undefined;
  return typeof text === "string" && text.trim() !== "" ? text.trim() : undefined;
}
