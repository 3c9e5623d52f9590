import { type Call, type Route } from "#workers/http/kit.ts";

type Repetition = { key: string; bytes: Uint8Array | undefined; sealed: boolean };

export async function once(
  c: Call<{ access: "principal" }>,
  _repetition: Repetition,
  handler: Route["handler"],
): Promise<Response> {
  c.set("operationId", crypto.randomUUID().replaceAll("-", ""));
  return await handler(c);
}
