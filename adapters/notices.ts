import type { keyRing } from "#adapters/key-ring.ts";
import { mailSender } from "#adapters/mail.ts";
import type { pushPort } from "#adapters/push.ts";
import {
  type Notice,
  type NoticeRef,
  type NoticeState,
  RECIPIENT_FIELD,
} from "#domain/notices/notice.ts";

/** What an attempt came to: `done` also where there was nothing to do; a number is when to try again, in seconds. */
export type Attempted = "done" | { retryAfterS: number };

/** What people are told by mail and in their browsers: the outbox of each account, and sending from it. */
export function noticePort(
  env: Env,
  ring: ReturnType<typeof keyRing>,
  push: ReturnType<typeof pushPort>,
) {
  const of = (accountId: string) => env.NOTICES.getByName(accountId);

  /** Null: it was sent. Else why it was not. */
  async function send(accountId: string, notice: Notice): Promise<string | null> {
    const { id, kind, sealedTo, principalId, subject, text, about } = notice;
    if (kind === "push")
      return await push.push({ accountId, principalId }, { title: subject, text, about });
    const to =
      sealedTo === null ? null : await ring.open({ account: accountId }, RECIPIENT_FIELD, sealedTo);
    if (to === null) return "its recipient was erased";
    await mailSender(env)?.send({ id, to, subject, text });
    return null;
  }

  return {
    list: (accountId: string, state: NoticeState, afterSeq: number, limit: number) =>
      of(accountId).list(state, afterSeq, limit),
    redrive: (accountId: string) => of(accountId).redrive(),
    bury: ({ accountId, noticeId }: NoticeRef, reason: string) =>
      of(accountId).bury(noticeId, reason),

    /** One message of a queue. Delivered twice, it sends once; what is still being sent comes again later. */
    async attempt({ accountId, noticeId }: NoticeRef): Promise<Attempted> {
      const taken = await of(accountId).take(noticeId);
      if (taken === null) return "done";
      // Nothing was tried: it waits for a sender, and its outbox brings it again.
      const isMail = taken.notice.kind === "email";
      if (isMail && mailSender(env) === null) {
        await of(accountId).release(noticeId, taken.token);
        return "done";
      }
      const failure = await send(accountId, taken.notice).catch((error: unknown) => String(error));
      const againS = await of(accountId).settle(noticeId, taken.token, failure);
      return againS === null ? "done" : { retryAfterS: againS };
    },
  };
}
