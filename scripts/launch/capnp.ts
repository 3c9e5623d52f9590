/** What a workerd configuration is made of: structs, lists, texts and booleans. */
export type Value = string | boolean | readonly Value[] | { readonly [field: string]: Value };

/** Stands for a field that is set and holds nothing. */
export const VOID = "\u0000void";
const EMBED = "\u0000embed ";

/** Stands for the content of a file, as text or as bytes; its path counts from where workerd is told to import from. */
export const embedded = (path: string): Value => `${EMBED}${path}`;

/** A value in Cap'n Proto's text form (https://capnproto.org/language.html#constants). */
export function capnpText(value: Value): string {
  if (typeof value === "boolean") return String(value);
  if (value === VOID) return "void";
  if (typeof value === "string")
    return value.startsWith(EMBED) ? `embed ${quoted(value.slice(EMBED.length))}` : quoted(value);
  if (isList(value)) return `[${value.map(capnpText).join(", ")}]`;
  const fields = Object.entries(value).map(([field, each]) => `${field} = ${capnpText(each)}`);
  return `(${fields.join(", ")})`;
}

const isList = (value: Value): value is readonly Value[] => Array.isArray(value);

/** A text's own two marks and control characters by their codes; a lone surrogate is no text and becomes U+FFFD. */
const quoted = (text: string): string =>
  `"${text.toWellFormed().replaceAll(/["\\\p{Cc}]/gu, (one) => (one < "\u0080" ? codeOf(one) : one))}"`;

const codeOf = (one: string): string => `\\x${one.charCodeAt(0).toString(16).padStart(2, "0")}`;
