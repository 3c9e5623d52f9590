import { createServer, type Server } from "node:http";
import { Provider } from "oidc-provider";
import { browser } from "./browser.ts";

type Client = { client_id: string; client_secret: string; redirect_uris: string[] };
export type Claims = { name: string; email: string; groups: string[] };

/** Somebody else's OpenID provider: `oidc-provider`, certified by the OpenID Foundation, with its own pages to sign in by. */
export async function openIdProvider(people: Record<string, Claims>) {
  const server: Server = createServer((request, response) => app(request, response));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const issuer = `http://127.0.0.1:${address.port}`;
  const providing = (clients: Client[]) =>
    new Provider(issuer, {
      clients,
      claims: { openid: ["sub"], profile: ["name"], email: ["email"], groups: ["groups"] },
      cookies: { keys: ["a key of the test"] },
      pkce: { required: () => true },
      findAccount: (_: unknown, sub: string) => ({
        accountId: sub,
        claims: () => ({ sub, ...people[sub] }),
      }),
    }).callback();
  let app = providing([]);
  return {
    issuer,
    /** Its administrator's part: who may send people here, and back to where. */
    register: (client: Client) => void (app = providing([client])),
    async stop() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/** Signs somebody in on the provider's pages; ends at the address on our side that it sends them to, not yet opened. */
export async function signInAt(
  one: ReturnType<typeof browser>,
  start: string,
  login: string,
  isBack: (url: string) => boolean,
): Promise<string> {
  let { url, response } = await one.follow(start, isBack);
  const forms: Record<string, string>[] = [
    { prompt: "login", login, password: "any" },
    { prompt: "consent" },
  ];
  for (const form of forms) {
    if (isBack(url)) return url;
    const page = await response.text();
    const action = /<form[^>]* action="([^"]+)"/.exec(page)?.[1];
    if (action === undefined)
      throw new Error(`no form at ${url}: ${response.status} ${page.slice(0, 400)}`);
    const posted = await one.ask(new URL(action, url).href, form);
    const location = posted.headers.get("location") ?? "";
    ({ url, response } = await one.follow(new URL(location, url).href, isBack));
  }
  if (!isBack(url)) throw new Error(`signing in ended at ${url}`);
  return url;
}
