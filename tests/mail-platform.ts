/** One mail as the platform's binding took it. */
export type PlatformMail = {
  from: { name: string; email: string };
  to: string;
  subject: string;
  text: string;
  headers: Record<string, string>;
};

const ALLOWED: ReadonlySet<string> = new Set(["in-reply-to", "references", "auto-submitted"]);
const AUTOMATIC: ReadonlySet<string> = new Set(["auto-generated", "auto-replied", "auto-notified"]);

const refused = (code: string) => Object.assign(new Error(`refused: ${code}`), { code });

/**
 * Cloudflare's mail: `send` takes what its documents say that it takes (developers.cloudflare.com/email-service/reference/headers),
 * from addresses of one domain; `deliver` hands a mail to a Worker as Email Routing does.
 */
export function mailPlatform(domain: string) {
  const sent: PlatformMail[] = [];
  const binding = {
    async send(mail: PlatformMail): Promise<{ messageId: string }> {
      if (Object.keys(mail).some((key) => !/^(from|to|subject|text|headers)$/.test(key)))
        throw refused("E_VALIDATION_ERROR");
      if (mail.to === "" || mail.subject === "") throw refused("E_FIELD_MISSING");
      if (mail.from.email.split("@")[1] !== domain) throw refused("E_SENDER_NOT_VERIFIED");
      for (const [name, value] of Object.entries(mail.headers)) {
        const key = name.toLowerCase();
        if (!ALLOWED.has(key)) throw refused("E_HEADER_NOT_ALLOWED");
        if (value === "" || /[\r\n]/.test(value)) throw refused("E_HEADER_VALUE_INVALID");
        if (value.length > 2_048) throw refused("E_HEADER_VALUE_TOO_LONG");
        if (key === "auto-submitted" && !AUTOMATIC.has(value))
          throw refused("E_HEADER_VALUE_INVALID");
      }
      sent.push(mail);
      return { messageId: `<${sent.length}@mail.cloudflare.example>` };
    },
  };
  return { sent, binding: binding as unknown as SendEmail };
}

/** A mail on its way in, and what its sender's server was told: null where it was taken. */
export function incoming(raw: string, to: string) {
  const bytes = new TextEncoder().encode(raw);
  const told: { reason: string | null } = { reason: null };
  const unused = () => Promise.reject(new Error("it is neither forwarded nor answered at once"));
  const message: ForwardableEmailMessage = {
    from: "bounces@tides.example",
    to,
    headers: new Headers(),
    raw: new Response(bytes).body ?? new ReadableStream(),
    rawSize: bytes.length,
    canBeForwarded: true,
    setReject: (reason) => void (told.reason = reason),
    forward: unused,
    reply: unused,
  };
  return { message, told };
}
