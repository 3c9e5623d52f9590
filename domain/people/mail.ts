import { ID_BYTES, memberId } from "#domain/accounts/credential.ts";

export const MAIL_KINDS = [
  "sign-up",
  "already-here",
  "invitation",
  "password-reset",
  "new-device",
  "password-changed",
] as const;
export type MailKind = (typeof MAIL_KINDS)[number] | "none";

/** A mail before it is sealed. One of kind `none` reaches nobody: it is written where a mail would be, to take as long. */
export type Mail = { to: string; kind: MailKind; text: string };
/** A mail as stored until a sender has taken it; recipient and body are sealed under the installation's key. */
export type MailRecord = {
  id: string;
  personId: string;
  recipient: string;
  kind: string;
  body: string;
  createdAtMs: number;
};

/** Nothing in a mail works for longer, so none is kept for longer. */
export const MAIL_LIFE_MS = 7 * 24 * 3_600_000;
/** Mails of a kind that anybody can have sent to an address, in 15 minutes. Further ones are not sent; nobody is told. */
export const MAILS_MAX = 3;

const SUBJECTS: Record<MailKind, string> = {
  "sign-up": "Finish signing up to WisHub",
  "already-here": "You are already signed up to WisHub",
  invitation: "You are invited to WisHub",
  "password-reset": "Set a new WisHub password",
  "new-device": "Sign in to WisHub on a new device",
  "password-changed": "Your WisHub password was changed",
  none: "",
};
export const subjectOf = (kind: MailKind): string => SUBJECTS[kind];

/** What takes a mail's secret: a command, and the address behind it for other programs. */
const TAKERS = {
  "sign-up": ["sign-up ADDRESS --name NAME --token", "sign-up/complete"],
  invitation: ["accept --name NAME", "invitations/accept"],
  "password-reset": ["password reset ADDRESS --token", "password-resets/complete"],
  "new-device": ["known-device ADDRESS --token", "known-devices/complete"],
} as const;

/**
 * What the mail says. `url` is the product's own. What the link is `for` stands in it, behind the `#` as its secret
 * does, so that the console knows what to ask for without asking about it.
 */
export function mailText(kind: MailKind, url: string, token: string, opens: string = kind): string {
  const link = `${url}/#link=${token}&for=${opens}`;
  const taken = (by: keyof typeof TAKERS) => {
    const [command, address] = TAKERS[by];
    return `Or in a terminal:\n\n  wishub ${command} ${token} --url ${url}\n\nOther programs: POST ${url}/v1/${address} (${url}/docs).\n`;
  };
  const unasked = "If you did not ask for it, do nothing.";
  switch (kind) {
    case "sign-up":
      return `Choose a password and finish signing up: ${link}\n\n${taken(kind)}It works once, within a day. ${unasked}\n`;
    case "already-here":
      return `Somebody, perhaps you, asked to sign up with this address. You already are: sign in at ${url}\n`;
    case "invitation":
      return `Accept the invitation: ${link}\n\n${taken(kind)}It works once, within seven days.\n`;
    case "password-reset":
      return `Set a new password: ${link}\n\n${taken(kind)}It works once, within an hour. ${unasked}\n`;
    case "new-device":
      return `Make the device known that you want to sign in on, there: ${link}\n\n${taken(kind)}Then sign in. It works once, within an hour.\n`;
    case "password-changed":
      return `The password of your account was changed, and every session was ended. If it was not you, set a new one at ${url}\n`;
    case "none":
      return `${link}\n`;
  }
}

type Ring = { seal(scope: "installation", field: string, text: string): Promise<string> };

export async function mailRecord(
  ring: Ring,
  personId: string,
  mail: Mail,
  random: Uint8Array,
  nowMs: number,
): Promise<MailRecord> {
  return {
    id: memberId("mail", 0, random.subarray(0, ID_BYTES)),
    personId,
    recipient: await ring.seal("installation", "mail.recipient", mail.to),
    kind: mail.kind,
    body: await ring.seal("installation", "mail.body", mail.text),
    createdAtMs: nowMs,
  };
}
