/** A call as a vendor makes it to a channel's public address. */
export type VendorCall = {
  method: "GET" | "POST";
  /** What follows the address, with its question mark, or nothing. */
  query: string;
  headers: Record<string, string>;
  body: string;
};
export type Words = {
  text: string;
  id?: number;
  /** Who is named in it, where a vendor writes a key into the text and the name beside it. */
  mentions?: { key: string; name: string }[];
};

/** What a fake vendor's interface answers to the next messages. */
export type Mood = "well" | "busy" | "down" | "refusing";

/**
 * A vendor in a test: it signs as the real one does, and its interface refuses what is not as the real one wants it. Its
 * cryptography is not the product's.
 */
export type FakeVendor = {
  /** What an account says of it, where its interface is at this address. */
  config(url: string): Record<string, string>;
  /** The conversation in which everything is said here. */
  conversation: string;
  /** What has to be known of it to answer there, where its name does not say all. */
  thread?: string;
  /** Whether its signature covers the body, and a time. */
  signs: { body: boolean; time: boolean };
  says(words: Words, nowMs: number): Promise<VendorCall>;
  /** Calls of it that bring no message of a person: of bots, of members who join. */
  noise(nowMs: number): Promise<VendorCall[]>;
  /** What it calls first, and what it wants to hear. */
  greets?(nowMs: number): Promise<{ call: VendorCall; hears: string }>;
  /** Its interface. */
  answer(request: Request): Promise<Response>;
  /** What people there have read, in order. */
  heard: { conversation: string; text: string }[];
  /** Calls with a credential that it does not know. */
  strangers: number;
  mood: Mood;
  /** What it says where it is busy. */
  retryAfterS: number;
  /** Ends the token that it gave, where it gives one. */
  endTokens?(): void;
};

export const RETRY_AFTER_S = 7;

/** What is the same of most interfaces: a vendor that is down or busy looks at nothing else. */
export function moodAnswer(
  { mood, retryAfterS }: Pick<FakeVendor, "mood" | "retryAfterS">,
  busy: object,
): Response | null {
  if (mood === "down") return new Response("upstream", { status: 503 });
  if (mood !== "busy") return null;
  const headers = { "Retry-After": String(retryAfterS) };
  return Response.json(busy, { status: 429, headers });
}

export const posted = (
  body: object | string,
  headers: Record<string, string> = {},
): VendorCall => ({
  method: "POST",
  query: "",
  headers: { "Content-Type": "application/json", ...headers },
  body: typeof body === "string" ? body : JSON.stringify(body),
});
