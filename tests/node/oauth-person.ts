import type { OwnerKey } from "./owner.ts";

/** The first account's owner in front of a browser, who reads a consent page and presses its button. */
export async function person({ url, apiKey }: OwnerKey) {
  const signedIn = await fetch(`${url}/v1/sessions`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ apiKey }),
  });
  const cookie = signedIn.headers.get("Set-Cookie")?.split(";")[0] ?? "";

  async function press(address: URL | string, decision: "allow" | "deny"): Promise<Response> {
    const page = await (await fetch(address, { headers: { cookie }, redirect: "manual" })).text();
    const fields = [...page.matchAll(/<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"/g)].map(
      ([, name = "", value = ""]) => [name, unescaped(value)] as const,
    );
    const action = /<form method="post" action="([^"]+)"/.exec(page)?.[1];
    if (action === undefined) throw new Error(`no consent page: ${page}`);
    return await fetch(new URL(action, url), {
      method: "POST",
      redirect: "manual",
      headers: { cookie, Origin: new URL(url).origin },
      body: new URLSearchParams([...fields.map((one) => [...one]), ["decision", decision]]),
    });
  }

  async function decides(verificationUri: string, decision: "allow" | "deny"): Promise<void> {
    const answer = await press(verificationUri, decision);
    if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`);
  }

  return {
    /** Where the browser is sent after the person has answered an application. */
    async answers(address: URL | string, decision: "allow" | "deny" = "allow"): Promise<URL> {
      const answer = await press(address, decision);
      const to = answer.headers.get("Location");
      if (to === null) throw new Error(`${answer.status} ${await answer.text()}`);
      return new URL(to);
    },
    /** Says yes to what a device shows. */
    allowsDevice: (verificationUri: string) => decides(verificationUri, "allow"),
    refusesDevice: (verificationUri: string) => decides(verificationUri, "deny"),
  };
}

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
const unescaped = (text: string) =>
  text.replaceAll(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ENTITIES[name] ?? "");

export const REDIRECT = "http://127.0.0.1:3999/callback";

async function posted(address: string, body: object, headers: Record<string, string> = {}) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  if (answer.status !== 201) throw new Error(await answer.text());
  return (await answer.json()) as { client_id: string; client_secret: string };
}

/** A client of the account, which acts for itself and for others. */
export const accountClient = ({ url, apiKey }: OwnerKey, members: object = {}) =>
  posted(
    `${url}/v1/oauth/clients`,
    {
      grant_types: ["client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange"],
      ...members,
    },
    { Authorization: `Bearer ${apiKey}` },
  );

/** An application of nobody's, without a secret. */
export const application = ({ url }: OwnerKey, grant_types: string[], redirect = REDIRECT) =>
  posted(`${url}/oauth/register`, {
    client_name: "Application",
    redirect_uris: [redirect],
    token_endpoint_auth_method: "none",
    grant_types,
  });
