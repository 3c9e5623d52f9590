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
  /** Of a queued task: a longer result lies in the object store; beyond that it is refused at the border. */
  taskResultInlineBytesMax: 65_536,
  taskBlobBytesMax: 104_857_600, // what one request may carry on Cloudflare's plans
  /** Events of one agent's tasks that wait to be handed to whoever pushes them. */
  taskPushesWaitingMax: 10_000,
  /** Readers that wait for news of one agent's tasks. */
  taskWatchersMax: 1_000,
  /** Parts of one pool's capacity that one account holds by name; their leases are at most an hour. */
  reservationsPerAccountMax: 256,
  reservationMsMin: 1_000,
  reservationMsMax: 3_600_000,
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
  /** Webhooks of one account, what one asks for, and what it keeps: events to be tried again, attempts that can be read. */
  webhooksPerAccountMax: 100,
  eventPatternsMax: 32,
  eventPatternCharsMax: 100,
  webhookDescriptionCharsMax: 500,
  webhookIdCharsMax: 64,
  webhookRetriesMax: 5_000,
  webhookRetryBytesMax: 67_108_864,
  webhookAttemptsKept: 2_000,
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
  /** What is named in a day so that it comes once: about 12 a second, all day. Of it, what one foreign account names. */
  deduplicationsMax: 1_000_000,
  senderDeduplicationsMax: 100_000,
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
  /** Channels: one account's, what a vendor's call and what is made of it may hold, and the longest text that any of them takes. */
  channelsPerAccountMax: 1_000,
  channelNameCharsMax: 100,
  channelParameterCharsMax: 8_192,
  channelInboundBytesMax: 262_144,
  channelItemCharsMax: 1_048_576,
  channelAnswerBytesMax: 65_536,
  channelTextCharsMax: 150_000,
  channelPerMinuteMax: 6_000,
  /** A mail with what is attached to it, how far and into how many parts it is read, and conversations by mail of a channel that can still be answered. */
  mailBytesMax: 4_194_304,
  mailHeadersBytesMax: 131_072,
  mailLinesMax: 10_000,
  mailPartsMax: 1_000,
  channelThreadsMax: 10_000,
  /** Envelopes between agents: two keys of each kind, so that one can follow the other, and what an A2A message can carry. */
  envelopeKeysMax: 4,
  /** Sent to one agent in six minutes: some 28 a second. */
  envelopesSeenMax: 10_000,
  keyIdCharsMax: 64,
  cardWordCharsMax: 256,
  envelopePayloadCharsMax: 786_432,
  envelopeSignatureCharsMax: 1_024,
  /** Heavy jobs: units of one collection that a backend holds in memory (300 MB of vectors), and what it may answer. */
  jobUnitsMax: 200_000,
  jobResultBytesMax: 16_777_216,
  jobSourcePageMax: 500,
  jobTextsMax: 2_048,
  jobQueriesMax: 1_000,
  jobNeighboursMax: 100,
  jobClustersMax: 1_024,
  jobIterationsMax: 300,
  jobGraphNeighboursMax: 32,
  jobEdgesMax: 1_000_000,
  jobDocumentsMax: 1_000,
  jobImageCharsMax: 700_000,
  jobLinesMax: 2_000,
  /** Work. A type is a name like `embed.batch`; a queue's input and result beyond this lie in R2. */
  taskTypeCharsMax: 80,
  taskInputBytesMax: 262_144,
  taskResultBytesMax: 1_048_576,
  taskReasonCharsMax: 500,
  taskNearCharsMax: 64,
  taskAttemptsMax: 100,
  taskTypesMax: 32,
  leaserCapabilitiesMax: 64,
  /** What tasks of a batch call each other, and how many of them one may come after. */
  taskRefCharsMax: 64,
  taskDependenciesMax: 99,
  /** Agents that one shard sends tasks to by themselves. */
  taskSubscribersMax: 1_000,
  /** What happened in one object and its topic has not heard of; beyond it, nothing new is taken. */
  eventsWaitingBytesMax: 67_108_864,
  /** What is said of a task on the way. */
  taskEventBytesMax: 4_096,
  /** Those who wait for tasks of one shard. */
  taskPollsMax: 5_000,
  /** Tasks of one lease, and of one batch. */
  tasksPerCallMax: 100,
  /** Open tasks of one shard: about 40 MB of memory of its isolate, and what their inputs may take in its storage. */
  tasksOpenMax: 100_000,
  taskQueueBytesMax: 536_870_912,
  /** And of one account, in a shard that it shares with others. */
  sharedTasksPerAccountMax: 10_000,
  sharedTaskBytesPerAccountMax: 67_108_864,
  /** Kinds of tasks, by type, needs and place, that wait in one shard: whoever asks looks at all of theirs. */
  taskLanesMax: 10_000,
  /** Ended tasks of one shard that can be read back; the oldest go first. */
  tasksEndedKept: 100_000,
  /** What a shard may take in storage before those go sooner; an object has 10 GB. */
  taskShardBytesMax: 4_294_967_296,
  /** Topics. One event as it is kept, in UTF-8, and what one append carries. */
  eventBytesMax: 65_536,
  eventIdCharsMax: 128,
  eventTypeCharsMax: 80,
  eventSubjectCharsMax: 256,
  eventKeyCharsMax: 128,
  eventsPerAppendMax: 1_000,
  /** Events, and bytes of them, that wait to be written to one partition. */
  topicWaitingMax: 20_000,
  topicWaitingBytesMax: 33_554_432,
  retentionDaysMax: 365,
  /** What one partition keeps, in its object and sealed: 16 times that is what a topic takes at most. */
  partitionBytesMax: 4_294_967_296,
  /** Readers that wait for the next event of one partition. */
  topicWaitersMax: 1_000,
  /** Events of one answer, where they do not stream. */
  eventsPerReadMax: 1_000,
  eventReadBytesMax: 1_048_576,
  /** Groups of one topic that read it together, and members of one. */
  groupsPerTopicMax: 64,
  groupMembersMax: 64,
  groupSessionMsMin: 1_000,
  groupSessionMsMax: 300_000,
  /** Streams of one principal: a browser's pages, or some programs under one key. */
  streamsPerPrincipalMax: 32,
  /** Live events. Subscriptions of one stream, and types that a filter may name: they lie on its socket. */
  subscriptionsPerStreamMax: 4,
  eventTypesPerFilterMax: 16,
  /** Objects with streams that one partition tells. */
  topicListenersMax: 10_000,
  /** Inference. OpenAI's own bound on one request's texts; a chat as long as models read; an image is some hundred kB. */
  modelIdCharsMax: 200,
  embeddingInputsMax: 2_048,
  rerankDocumentsMax: 1_000,
  inferenceBodyBytesMax: 4_194_304,
  chatMessagesMax: 1_000,
  chatPartsMax: 64,
  chatToolsMax: 128,
  chatChoicesMax: 8,
  /** More than any model reads and writes in one call: what a server claims beyond is not believed. */
  inferenceTokensMax: 4_000_000,
  /** Tokens a day that an account may set as its own bound. */
  inferenceBudgetMax: 1_000_000_000_000,
  /** Answers that an isolate keeps for who asks the same again. */
  inferenceKeptBytesMax: 8_388_608,
  inferenceKeptMs: 600_000,
  /** Alerts of one account: rules that are not as they came, whom they are told, who is not told, and what is over. */
  alertRulesMax: 200,
  alertRoutesMax: 20,
  alertRouteRulesMax: 100,
  alertSilencesMax: 100,
  alertsResolvedKept: 1_000,
  alertLabelsMax: 8,
  alertLabelCharsMax: 200,
  alertDescriptionCharsMax: 500,
  /** Mails and pushes of one account that wait, and that were given up: the oldest of these go. */
  noticesWaitingMax: 5_000,
  noticesDeadKept: 1_000,
  noticeReasonCharsMax: 500,
  /** Browsers of one person that are told: the oldest go. */
  pushSubscriptionsMax: 10,
  /** Calls that an isolate has not told its accounts of yet. */
  inferenceSettlingMax: 10_000,
  /** Traces and the log. What one piece of work may record in one isolate, and one trace in all. */
  spansPerWorkMax: 128,
  spansPerTraceMax: 512,
  traceCharsMax: 262_144,
  spanAttributesMax: 12,
  spanTextCharsMax: 200,
  /** What callers may ask to have recorded, beyond what is sampled: each costs some milliseconds of somebody's time. */
  tracesAskedPerSecond: 20,
  /** Open tasks of one shard that carry a trace, and those that one call makes: a trace is to be read. */
  tasksTracedMax: 10_000,
  tasksTracedPerCall: 32,
  /** What a backend tells of one attempt at a job. */
  spansPerJobMax: 32,
  /** Slow and failed requests that are kept beyond what is sampled, for each isolate. */
  tracesKeptPerSecond: 10,
  /** Of one account, or of the platform: some hundred a minute for an hour; the oldest go first. */
  tracesKeptMax: 10_000,
  tracesBytesMax: 67_108_864,
  logBytesMax: 67_108_864,
  /** Spans and lines that an isolate hands over at once. */
  observedItemsMax: 500,
  /** Lines of one name. */
  linesPerSecond: 50,
  logTextCharsMax: 2_000,
  logDataCharsMax: 8_192,
  logMembersMax: 64,
  logQueryCharsMax: 200,
} as const;
