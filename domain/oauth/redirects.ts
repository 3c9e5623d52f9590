/** Where no browser may be sent with a code: these run something, or show something else as if it were a page. */
const NEVER = new Set([
  "about:",
  "blob:",
  "data:",
  "file:",
  "filesystem:",
  "ftp:",
  "javascript:",
  "vbscript:",
  "view-source:",
  "ws:",
  "wss:",
]);
const LOOPBACK = new Set(["127.0.0.1", "[::1]", "localhost"]);

/**
 * Whether a client may register this address (OAuth 2.1 section 2.3.1, RFC 8252): https anywhere, http on this machine
 * only, or an app's own scheme, which names its maker (`com.example.app:/…`) or an authority (`app://callback`).
 */
export function isRedirectUri(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || text.includes("#") || /[\s\\]/.test(text)) return false;
  if (url.username !== "" || url.password !== "" || NEVER.has(url.protocol)) return false;
  if (url.protocol === "https:") return true;
  if (url.protocol === "http:") return LOOPBACK.has(url.hostname);
  return url.protocol.includes(".") || /^[a-z][a-z0-9+-]*:\/\/[^/]/i.test(text);
}

/** Character by character, except for the port of an address on the client's own machine (RFC 8252 section 7.3). */
export function isRegistered(given: string, registered: readonly string[]): boolean {
  if (registered.includes(given)) return true;
  const asked = withoutPort(given);
  return asked !== null && registered.some((one) => withoutPort(one) === asked);
}

function withoutPort(text: string): string | null {
  const url = URL.parse(text);
  if (url === null || url.protocol !== "http:" || !LOOPBACK.has(url.hostname)) return null;
  if (!isRedirectUri(text)) return null;
  url.port = "";
  return url.href;
}
