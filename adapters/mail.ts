import type { keyRing } from "#adapters/key-ring.ts";
import { MAIL_KINDS, type MailRecord, subjectOf } from "#domain/people/mail.ts";

/** One mail. Whoever delivers it may see one twice, with the same id. `from`: of a channel, with its address and headers. */
type Mail = {
  id: string;
  to: string;
  subject: string;
  text: string;
  from?: { name: string; email: string };
  headers?: Readonly<Record<string, string>>;
};
/** What an operator binds as MAIL: a Worker of theirs that hands a mail to whoever delivers it. */
export type MailSender = { send(mail: Mail): Promise<unknown> };

/**
 * Who delivers mail: the operator's Worker, or the platform's own mail from `WISHUB_MAIL_FROM`; null where there is
 * neither. What throws was not delivered.
 */
export function mailSender(env: Env): MailSender | null {
  if (env.MAIL !== undefined) return env.MAIL as unknown as MailSender;
  const { WISHUB_MAIL_FROM: ours } = env;
  return ours === undefined ? null : platformSender(env, ours);
}

/** Who delivers what channels answer, each from an address of its own at `WISHUB_MAIL_DOMAIN`; null where there is none. */
export function channelMailSender(env: Env): MailSender | null {
  if (env.WISHUB_MAIL_DOMAIN === undefined) return null;
  if (env.MAIL !== undefined) return env.MAIL as unknown as MailSender;
  return platformSender(env, `wishub@${env.WISHUB_MAIL_DOMAIN}`);
}

/** An id of its own keeps one mail out of another's thread; an answer in a thread has none. */
function platformSender({ SEND_EMAIL: platform }: Env, ours: string): MailSender | null {
  if (platform === undefined) return null;
  return {
    send: async ({ id, to, subject, text, from = ours, headers = { "X-Entity-Ref-ID": id } }) =>
      await platform.send({ from, to, subject, text, headers: { ...headers } }),
  };
}

const AT_ONCE_MAX = 20;

type Store = {
  oldestMails(limit: number): Promise<MailRecord[]>;
  dropMail(id: string): Promise<void>;
};

/** Hands waiting mails to the sender, oldest first; where none is bound they wait in the outbox. */
export function mailing(env: Env, ring: ReturnType<typeof keyRing>, store: Store) {
  return {
    /** One that fails stays and is tried with the next one that is written. */
    async sendWaiting(): Promise<void> {
      const sender = mailSender(env);
      if (sender === null) return;
      for (const mail of await store.oldestMails(AT_ONCE_MAX)) {
        const [to, text] = await ring.openMany([
          { scope: "installation", field: "mail.recipient", sealed: mail.recipient },
          { scope: "installation", field: "mail.body", sealed: mail.body },
        ]);
        const kind = MAIL_KINDS.find((one) => one === mail.kind);
        if (kind !== undefined && to != null && text != null)
          await sender.send({ id: mail.id, to, subject: subjectOf(kind), text });
        await store.dropMail(mail.id);
      }
    },
  };
}
