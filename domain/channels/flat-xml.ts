const OPEN = /^<([A-Za-z]\w{0,63})>/;
const CDATA = "<![CDATA[";
const CDATA_END = "]]>";
const ENTITIES: Readonly<Record<string, string>> = {
  "&lt;": "<",
  "&gt;": ">",
  "&amp;": "&",
  "&quot;": '"',
  "&apos;": "'",
};
const FIELDS_MAX = 64;

/**
 * The fields of a document like `<xml><Name>text</Name><Other><![CDATA[text]]></Other></xml>`, which is all of XML that
 * WeCom writes. What is nested deeper stays text. Null for anything else; one pass, and no entities but the five.
 */
export function flatXml(text: string): ReadonlyMap<string, string> | null {
  const whole = text.trim();
  if (!whole.startsWith("<xml>") || !whole.endsWith("</xml>")) return null;
  const inner = whole.slice(5, -6);
  const fields = new Map<string, string>();
  let at = 0;
  while (at < inner.length) {
    if (/\s/.test(inner.charAt(at))) {
      at++;
      continue;
    }
    const name = OPEN.exec(inner.slice(at, at + 70))?.[1];
    if (name === undefined || fields.size >= FIELDS_MAX) return null;
    at += name.length + 2;
    const isCdata = inner.startsWith(CDATA, at);
    const ends = isCdata
      ? inner.indexOf(`${CDATA_END}</${name}>`, at)
      : inner.indexOf(`</${name}>`, at);
    if (ends === -1) return null;
    const value = isCdata ? inner.slice(at + CDATA.length, ends) : plain(inner.slice(at, ends));
    fields.set(name, value);
    at = ends + (isCdata ? CDATA_END.length : 0) + name.length + 3;
  }
  return fields;
}

const plain = (text: string): string =>
  text.replaceAll(/&(?:lt|gt|amp|quot|apos);/g, (entity) => ENTITIES[entity] ?? entity);
