import { observe } from "#adapters/observing.ts";
import { receiveMail } from "#workers/mail.ts";
import { consume } from "#workers/queues/consume.ts";
import { measuredConsumer } from "#workers/queues/measured.ts";

observe();

/** Does what the queues hand over, off the request path, and takes in mail. */
export default {
  queue: measuredConsumer(consume),
  email: receiveMail,
} satisfies ExportedHandler<Env>;
