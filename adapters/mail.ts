import type { keyRing } from "#adapters/key-ring.ts";
import { MAIL_KINDS, type MailRecord, subjectOf } from "#domain/people/mail.ts";

/** What an operator binds as MAIL: a Worker of theirs that hands a mail to whoever delivers it. It may see one twice. */
type MailSender = {
  send(mail: { id: string; to: string; subject: string; text: string }): Promise<unknown>;
};

const AT_ONCE_MAX = 20;

type Store = {
  oldestMails(limit: number): Promise<MailRecord[]>;
  dropMail(id: string): Promise<void>;
};

/** Hands waiting mails to the sender, oldest first; where none is bound they wait in the outbox. */
export function mailing(env: { MAIL?: unknown }, ring: ReturnType<typeof keyRing>, store: Store) {
  return {
    /** One that fails stays and is tried with the next one that is written. */
    async sendWaiting(): Promise<void> {
      if (env.MAIL === undefined) return;
      const sender = env.MAIL as MailSender;
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
