/** Why the server ends a session: a close code of WebSocket's (RFC 6455 section 7.4; 4000 and up are ours) and its reason. */
export const CLOSES = {
  /** The message was no frame. */
  "bad-frame": 4400,
  /** The credential does not count any more. */
  unauthenticated: 4401,
  /** It counts, and may not do this any more. */
  forbidden: 4403,
  /** The agent is gone. */
  "not-found": 4404,
  /** It takes in too little of what it is sent; its messages are kept. */
  "slow-consumer": 4408,
  /** A newer session of the agent goes on. */
  replaced: 4409,
  /** It sends more than a session may. */
  "too-many-requests": 4429,
  /** Ours: come back. */
  overloaded: 4503,
} as const;
export type CloseReason = keyof typeof CLOSES;
