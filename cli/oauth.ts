import { WisHubError } from "#sdk/error.ts";

export type Answer = Record<string, unknown>;

/** A form to one of the server's OAuth endpoints, and its answer: also one that says `error`. */
export async function post(
  url: string,
  address: string,
  fields: Record<string, string>,
): Promise<Answer> {
  const response = await fetch(new URL(address, url), {
    method: "POST",
    body: new URLSearchParams(fields),
    signal: AbortSignal.timeout(30_000),
  }).catch((cause: unknown) => {
    throw new WisHubError(
      { code: "network", status: 0, detail: `${url} does not answer` },
      undefined,
      undefined,
      cause,
    );
  });
  const answer = (await response.json().catch(() => ({}))) as Answer;
  if (response.status >= 500 || (!response.ok && answer["error"] === undefined))
    throw new WisHubError({
      code: "internal",
      status: response.status,
      detail: `${url} answers ${response.status} to a login`,
    });
  return answer;
}
