/** Every size the product accepts, with its reason. A schema names one of these, never a number of its own. */
export const LIMITS = {
  /** One request body, unless a route declares another. */
  bodyBytesMax: 1_048_576,
  /** Deeper JSON has no use here and costs stack everywhere it goes. */
  jsonDepthMax: 64,
  /** One line of an import is one unit, so it has a unit's own bound. */
  importLineBytesMax: 262_144,
  titleCharsMax: 200,
  /** 64 passages of about 1,000 characters: what one unit may embed. */
  unitBodyCharsMax: 65_536,
  tagsMax: 16,
  tagCharsMax: 40,
  kindCharsMax: 40,
  languageCharsMax: 35, // the longest BCP 47 tag a client is asked to accept (RFC 5646, 4.4.1)
  sourcesMax: 32,
  urlCharsMax: 2_048,
  quoteCharsMax: 2_000,
  linksMax: 64,
  appliesToMax: 16,
  idCharsMax: 64,
  passagesMax: 64,
  vectorDimensionsMax: 4_096,
  queryCharsMax: 2_000,
  searchHitsMax: 50,
  pageMax: 100,
  cursorCharsMax: 512,
  idempotencyKeyCharsMax: 255,
  keyNameCharsMax: 100,
  keysPerAccountMax: 1_000,
  keysPerAgentMax: 10,
  sessionsPerPrincipalMax: 100,
  /** Each may have search shards rewritten. */
  erasuresPerDayMax: 50,
  /** One entry of an audit log; its detail goes where it would be longer. */
  auditEntryCharsMax: 8_192,
  /** The longest text under a data key: the private keys and provider metadata of an identity provider fit. */
  sealedTextCharsMax: 262_144,
  /** Of `X-Forwarded-For`, its end: what our own proxies wrote. */
  forwardedCharsMax: 2_048,
  keyNetworksMax: 32,
  /** Keys made by keys made by keys: what revoking has to go through. */
  keyDepthMax: 16,
  keyOverlapSecondsMax: 2_592_000,
  networkCharsMax: 64,
  actionCharsMax: 64,
  policyRulesMax: 64,
  policyActionsMax: 32,
  policyConditionCharsMax: 500,
  /** Nodes one condition may look at, and all conditions of one action together: about 0.1 ms. */
  policyConditionCostMax: 256,
  policyActionCostMax: 2_048,
  policyReasonCharsMax: 200,
  /** Versions of a policy that can be read back; the oldest goes. */
  policyVersionsMax: 100,
  emailCharsMax: 254, // RFC 5321, 4.5.3.1.3, without the brackets
  nameCharsMax: 100,
  /** Accounts that one person is in. */
  accountsPerPersonMax: 100,
  /** Invitations of one account that nobody has accepted yet. */
  invitationsPerAccountMax: 100,
  passkeysPerPersonMax: 20,
  /** 1,023 bytes in base64url: the longest credential id (WebAuthn 4). */
  passkeyIdCharsMax: 1_364,
  passkeyResponseCharsMax: 65_536,
  passkeyChallengeCharsMax: 200,
  /** Mails that wait for a sender; where there is none, the newest are shown. */
  mailsMax: 1_000,
  passwordCharsMin: 12,
  /** Room for any sentence; hashing what is longer would be work for whoever sends it. */
  passwordCharsMax: 256,
  /** Clients of one account, and those that registered themselves and that nobody has used yet: the oldest of these go first. */
  clientsPerAccountMax: 1_000,
  openClientsMax: 10_000,
  /** Devices that show a code and wait: the oldest go first. */
  openDevicesMax: 10_000,
  redirectUrisMax: 10,
  /** Applications, devices and agents that one account lets act for its people. */
  grantsPerAccountMax: 10_000,
  /** A form of OAuth: a token, a client assertion, a proof and an address or two. */
  formBytesMax: 32_768,
  /** Answers kept for repetitions in 24 h: about 12 mutations a second, all day, in one account's object. */
  idempotencyRecordsMax: 1_000_000,
  /** And what they may fill of the object's storage, which Cloudflare ends at 10 GB. */
  idempotencyBytesMax: 4_294_967_296,
  /** The answer to the largest body there is, which holds that body; SQLite in an object takes 2 MB a value. */
  storedAnswerBytesMax: 1_500_000,
  /** Federation: what an identity provider and its directory may hold here. */
  providersPerAccountMax: 20,
  roleRulesMax: 100,
  attributeNameCharsMax: 200,
  attributeValueCharsMax: 512,
  attributesMax: 500,
  /** A directory's texts, and what one request of it may do. */
  scimTextCharsMax: 512,
  scimOperationsMax: 100,
  scimMembersPerRequestMax: 1_000,
  scimGroupMembersMax: 20_000,
  scimGroupsPerAccountMax: 2_000,
  /** A signed response with its certificates and some hundred groups, as base64. */
  samlResponseCharsMax: 262_144,
  /** And its form, where each + and / takes three letters. */
  samlFormBytesMax: 524_288,
  certificateCharsMax: 8_192,
  certificatesMax: 4,
  clientIdCharsMax: 512,
  clientSecretCharsMax: 1_024,
  /** People of one account: what one directory may fill a catalog shard with. */
  peoplePerAccountMax: 100_000,
  /** What anything outside may answer, after decompression, and how long it may take in all (ARCHITECTURE, rule 12). */
  egressBytesMax: 1_048_576,
  egressTimeoutMs: 10_000,
  /** A configured inference endpoint writes word by word, and 32 vectors of the most dimensions as decimal text. */
  endpointBytesMax: 4_194_304,
  endpointTimeoutMs: 120_000,
  /** A2A: ids and media types are the client's; parts, artifacts and messages are what one task may hold. */
  a2aIdCharsMax: 256,
  a2aUrisMax: 32,
  a2aPartsMax: 64,
  taskArtifactsMax: 64,
  taskMessagesMax: 256,
  /** All a task holds, its messages and artifacts: it is read and shown as a whole. */
  taskBytesMax: 1_048_576,
  /** What a stream that was cut may still be told; one that fell further behind reads the task again. */
  taskEventsMax: 256,
  /** What one agent remembers: the oldest that have ended go first, and where none has, no more are taken. */
  tasksPerAgentMax: 10_000,
  /** An object's storage ends at 10 GB, and its mailbox lies there too. */
  taskBytesPerAgentMax: 1_073_741_824,
  taskPushConfigsMax: 8,
  /** Events of one agent's tasks that wait to be handed to whoever pushes them. */
  taskPushesWaitingMax: 10_000,
  /** Readers that wait for news of one agent's tasks. */
  taskWatchersMax: 1_000,
  capabilitiesMax: 16,
  matchesMax: 50,
  capabilityCharsMax: 40,
  agentDescriptionCharsMax: 2_000,
  quarantineReasonCharsMax: 200,
  /** What a program keeps between its runs, as JSON; releases of it that can be gone back to. */
  agentStateCharsMax: 262_144,
  releasesKept: 10,
  programCharsMax: 100,
  /** Of a card that somebody else wrote: one text, and how many of anything. All of it fits `egressBytesMax`. */
  cardTextCharsMax: 8_192,
  cardItemsMax: 256,
  /** Signatures of one card that are looked at. */
  cardSignaturesMax: 4,
  /** Agents that one piece of work may pass through: what is deeper is hardly ever meant. */
  delegationChainMax: 8,
  /** Hops of one tree of delegations. */
  delegationBudgetMax: 10_000,
  /** What one agent hands on by itself in a day, and what of it may be open: beyond that it is a loop or a storm. */
  delegationBudgetPerDay: 1_000_000,
  delegationsOpenMax: 10_000,
  /** Accounts named one by one; for more, an agent takes messages of everybody who is listed. */
  acceptedAccountsMax: 100,
  /** A catalog shard holds the agents of some thousand accounts, or of one with all of these. */
  agentsPerAccountMax: 1_000_000,
  /** What waits for one receiver outside, and what was given up and can be sent again: the oldest of that goes. */
  deliveriesWaitingMax: 5_000,
  deliveryBytesMax: 67_108_864,
  deadDeliveriesMax: 1_000,
  /** One message, as JSON text in UTF-8; larger things are units, which a message names. */
  messageBytesMax: 262_144,
  /** What one mailbox holds: a week of ten messages a minute, dead letters among them. */
  mailboxMessagesMax: 100_000,
  mailboxBytesMax: 536_870_912,
  /** Of these, what its own account may fill, all other accounts together, and one of them. */
  ownMessagesMax: 90_000,
  foreignMessagesMax: 50_000,
  senderMessagesMax: 1_000,
  senderBytesMax: 16_777_216,
  /** What a sender names in a day so that it comes once: about 12 a second, all day. */
  deduplicationsMax: 1_000_000,
  conversationCharsMax: 200,
  deduplicationCharsMax: 255,
  messageKindCharsMax: 40,
  /** Messages of one lease, and of one batch of acknowledgements. */
  messagesPerCallMax: 100,
  /** What one lease carries; it ends before the message that would not fit. */
  leasedBytesMax: 4_194_304,
  leaseMsMin: 10,
  leaseMsMax: 43_200_000,
  nackDelayMsMax: 86_400_000,
  nackReasonCharsMax: 500,
  /** A long poll, which ends before proxies give up. */
  pollMsMax: 30_000,
  pollsMax: 100,
  /** Sessions. A frame carries the largest body of a request, written as JSON inside JSON. */
  frameCharsMax: 1_200_000,
  frameIdCharsMax: 64,
  /** Frames in one array, and messages in one push. */
  sessionBatchMax: 16,
  /** Requests of one session that are under way. */
  sessionRequestsMax: 64,
  /** Messages that one session is given before it acknowledges any. */
  sessionCreditMax: 256,
  /** What a client may leave untaken before it is given no more messages, and before it is disconnected: 16 MB of socket. */
  sessionWindowFrames: 64,
  sessionWindowChars: 1_048_576,
  sessionUnseenFramesMax: 256,
  sessionUnseenCharsMax: 8_388_608,
  /** An echo is the cheapest: this many take a tenth of a core. */
  sessionFramesPerSecond: 2_000,
  sessionFramesBurst: 4_000,
  /** Envelopes between agents: two keys of each kind, so that one can follow the other, and what an A2A message can carry. */
  envelopeKeysMax: 4,
  /** Sent to one agent in six minutes: some 28 a second. */
  envelopesSeenMax: 10_000,
  keyIdCharsMax: 64,
  cardWordCharsMax: 256,
  envelopePayloadCharsMax: 786_432,
  envelopeSignatureCharsMax: 1_024,
} as const;
