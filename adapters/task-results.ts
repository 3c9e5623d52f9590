import { joined } from "#domain/shared/bytes.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import type { Blob } from "#domain/tasks/results.ts";

/** All parts of an upload but the last have one length, of 5 MiB at least (R2). */
const PART_BYTES = 8_388_608;

type Kept = { mediaType: string };
type TooLarge = Problem<"body-too-large">;
const TOO_LARGE = err<TooLarge>({
  code: "body-too-large",
  detail: `a result has at most ${LIMITS.taskBlobBytesMax} bytes`,
});

/** Results that are too long for a row. Each attempt writes under a name of its own, so a late one changes nothing. */
export function taskResults({ BLOBS: blobs }: Pick<Env, "BLOBS">) {
  /** Stores what comes, of any length that is allowed; nothing is left of what is longer, or breaks off. */
  async function put(
    key: string,
    body: ReadableStream<Uint8Array> | Uint8Array,
    { mediaType }: Kept,
  ): Promise<Result<Blob, TooLarge>> {
    const options = { httpMetadata: { contentType: mediaType } };
    if (body instanceof Uint8Array) {
      await blobs.put(key, body, options);
      return ok({ key, bytes: body.byteLength, mediaType });
    }
    const parts = inParts(body);
    const first = await parts.next();
    if (first.done)
      return first.value === "too-large" ? TOO_LARGE : ok(await empty(key, mediaType));
    if (first.value.byteLength < PART_BYTES) {
      await blobs.put(key, first.value, options);
      return ok({ key, bytes: first.value.byteLength, mediaType });
    }
    const upload = await blobs.createMultipartUpload(key, options);
    try {
      const uploaded = [await upload.uploadPart(1, first.value)];
      let bytes = first.value.byteLength;
      for (let next = await parts.next(); ; next = await parts.next()) {
        if (next.done) {
          if (next.value === "too-large") {
            await upload.abort();
            return TOO_LARGE;
          }
          await upload.complete(uploaded);
          return ok({ key, bytes, mediaType });
        }
        uploaded.push(await upload.uploadPart(uploaded.length + 1, next.value));
        bytes += next.value.byteLength;
      }
    } catch (thrown) {
      await upload.abort().catch(() => {});
      throw thrown;
    }
  }

  async function empty(key: string, mediaType: string): Promise<Blob> {
    await blobs.put(key, new Uint8Array(), { httpMetadata: { contentType: mediaType } });
    return { key, bytes: 0, mediaType };
  }

  return {
    put,
    get: async (key: string): Promise<R2ObjectBody | null> => await blobs.get(key),
    remove: async (key: string): Promise<void> => await blobs.delete(key),
  };
}

/** Pieces of one length, the last one shorter or none; ends early where there is more than a result may have. */
async function* inParts(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array, "whole" | "too-large"> {
  let waiting: Uint8Array[] = [];
  let size = 0;
  let all = 0;
  for await (const chunk of body) {
    all += chunk.byteLength;
    if (all > LIMITS.taskBlobBytesMax) return "too-large";
    waiting.push(chunk);
    size += chunk.byteLength;
    while (size >= PART_BYTES) {
      const held = joined(waiting);
      yield held.slice(0, PART_BYTES);
      waiting = [held.slice(PART_BYTES)];
      size -= PART_BYTES;
    }
  }
  if (size > 0) yield joined(waiting);
  return "whole";
}
