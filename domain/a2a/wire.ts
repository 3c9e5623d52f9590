import { z } from "zod";
import { LIMITS } from "#domain/shared/limits.ts";
import { text } from "#domain/shared/text.ts";
import { TASK_STATES, type TaskState } from "#domain/tasks/state.ts";

// The data model of A2A 1.0 (section 4) as ProtoJSON writes it. What a client sends beyond it is passed over, and a field
// that is null is as good as absent; what is there is bounded.

export const A2A_VERSION = "1.0";

/** Any object of the client's own. Its size is the body's. */
const metadata = z.record(z.string().max(256), z.unknown());
const id = text(LIMITS.a2aIdCharsMax);
const mediaType = text(LIMITS.a2aIdCharsMax);
const uris = z.array(text(LIMITS.urlCharsMax)).max(LIMITS.a2aUrisMax);

const partBody = z.object({
  text: z.string().nullish(),
  /** Base64. */
  raw: z.base64().nullish(),
  url: text(LIMITS.urlCharsMax).nullish(),
  data: z.unknown().optional(),
  mediaType: mediaType.nullish().or(z.literal("")),
  filename: z.string().max(LIMITS.nameCharsMax).nullish(),
  metadata: metadata.nullish(),
});
const CONTENTS = ["text", "raw", "url", "data"] as const;

/** Exactly one kind of content (4.1.6). */
const part = partBody
  .refine(
    (one) => CONTENTS.filter((name) => one[name] != null).length === 1,
    "must hold exactly one of text, raw, url and data",
  )
  .transform(({ text: words, ...rest }) => {
    const one = present(rest) as Part;
    return words == null ? one : { text: words, ...one };
  });

export type Part = {
  text?: string;
  raw?: string;
  url?: string;
  data?: unknown;
  mediaType?: string;
  filename?: string;
  metadata?: Record<string, unknown>;
};

export const parts = z.array(part).min(1).max(LIMITS.a2aPartsMax);

const ROLES = ["ROLE_USER", "ROLE_AGENT"] as const;
/** Somebody's message (4.1.4). */
export type Message = {
  messageId: string;
  role: (typeof ROLES)[number];
  parts: Part[];
  contextId?: string;
  taskId?: string;
  metadata?: Record<string, unknown>;
  extensions?: string[];
  referenceTaskIds?: string[];
};
const message = z
  .object({
    messageId: id,
    role: z.enum(ROLES).nullish(),
    parts,
    contextId: id.nullish().or(z.literal("")),
    taskId: id.nullish().or(z.literal("")),
    metadata: metadata.nullish(),
    extensions: uris.nullish(),
    referenceTaskIds: z.array(id).max(LIMITS.a2aUrisMax).nullish(),
  })
  .transform((one) => ({ ...present(one), role: one.role ?? "ROLE_USER" }) as Message);

/** What goes into a header as it is. */
const headerText = z
  .string()
  .max(LIMITS.urlCharsMax)
  .regex(/^[\x20-\x7e]*$/, "must be printable ASCII");
/** Where somebody wants to hear of a task (4.3.1). */
export const pushConfig = z
  .object({
    id: id.nullish().or(z.literal("")),
    taskId: id.nullish().or(z.literal("")),
    url: text(LIMITS.urlCharsMax),
    token: headerText.nullish(),
    authentication: z
      .object({ scheme: headerText.min(1), credentials: headerText.nullish() })
      .nullish(),
  })
  .transform((one) => present(one) as PushConfig);
export type PushConfig = {
  id?: string;
  taskId?: string;
  url: string;
  token?: string;
  authentication?: { scheme: string; credentials?: string | null };
};

const count = (max: number) => z.int().min(0).max(max);
const historyLength = count(2 ** 31 - 1).nullish();

export const sendParams = z.object({
  message,
  configuration: z
    .object({
      acceptedOutputModes: z.array(z.string().max(LIMITS.a2aIdCharsMax)).max(64).nullish(),
      taskPushNotificationConfig: pushConfig.nullish(),
      historyLength,
      returnImmediately: z.boolean().nullish(),
    })
    .nullish(),
  metadata: metadata.nullish(),
});
export type SendParams = z.output<typeof sendParams>;

/** Any text names a task, or none. */
const taskId = z.string().min(1).max(LIMITS.urlCharsMax);
export const taskParams = z.object({ id: taskId, historyLength });
export const pushParams = z.object({ taskId, id: taskId });
export const pushListParams = z.object({ taskId });
export const pushSetParams = pushConfig.and(z.object({ taskId }));
export const noParams = z.unknown();

export const listParams = z.object({
  contextId: z.string().max(LIMITS.a2aIdCharsMax).nullish(),
  status: z.string().max(40).nullish(),
  pageSize: z.int().min(1).max(LIMITS.pageMax).nullish(),
  pageToken: z.string().max(LIMITS.cursorCharsMax).nullish(),
  historyLength,
  statusTimestampAfter: z.iso.datetime({ offset: true }).nullish().or(z.literal("")),
  includeArtifacts: z.boolean().nullish(),
});
export type ListParams = z.output<typeof listParams>;

export type Artifact = {
  artifactId: string;
  name?: string;
  description?: string;
  parts: Part[];
  metadata?: Record<string, unknown>;
  extensions?: string[];
};
type Status = { state: string; timestamp: string; message?: Message };
export type Task = {
  id: string;
  contextId: string;
  status: Status;
  artifacts?: Artifact[];
  history?: Message[];
  metadata?: Record<string, unknown>;
};
/** One thing of a stream (4.2.3): exactly one field is there. */
export type StreamResponse =
  | { task: Task }
  | { message: Message }
  | { statusUpdate: { taskId: string; contextId: string; status: Status } }
  | {
      artifactUpdate: {
        taskId: string;
        contextId: string;
        artifact: Artifact;
        append?: boolean;
        lastChunk?: boolean;
      };
    };

/** `input-required` is `TASK_STATE_INPUT_REQUIRED` on the wire. */
export const wireState = (state: TaskState): string =>
  `TASK_STATE_${state.toUpperCase().replaceAll("-", "_")}`;
export const stateFrom = (wire: string): TaskState | null =>
  TASK_STATES.find((state) => wireState(state) === wire) ?? null;

/** The media type of a part that names none: what its content is. An address may lead anywhere. */
export const mediaTypeOf = (one: Part): string | null => {
  if (one.mediaType !== undefined)
    return one.mediaType.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (one.text !== undefined) return "text/plain";
  if (one.url !== undefined) return null;
  return one.raw === undefined ? "application/json" : "application/octet-stream";
};

function present(value: object): object {
  return Object.fromEntries(
    Object.entries(value).filter(([, each]) => each != null && each !== ""),
  );
}
