/** Objects record what was no call of theirs, and go on with what rows carry, by the same traces as everybody. */
export {
  goneOn,
  newSpanId,
  ownLink,
  perSecond,
  recorded,
  type TraceLink,
} from "#adapters/tracing.ts";
