import { z } from "zod";
import { type SigningKey, SIGNING_ALGORITHM } from "#domain/oauth/signing-keys.ts";
import { forget } from "#workers/http/guard/auth.ts";
import { firstAccountOnly } from "#workers/http/first-account.ts";
import { fails, feature, json, refuse, route } from "#workers/http/kit.ts";

const THEIRS = "signing keys";

const keyView = z.object({
  kid: z.string(),
  algorithm: z.string(),
  signsFrom: z.string(),
});

const viewOf = ({ kid, signsFromMs }: SigningKey): z.infer<typeof keyView> => ({
  kid,
  algorithm: SIGNING_ALGORITHM,
  signsFrom: new Date(signsFromMs).toISOString(),
});

const list = route(
  {
    method: "get",
    path: "/v1/oauth/signing-keys",
    summary: "List the keys that access tokens are believed by, newest first",
    description: "For the installation's first account.",
    access: "signing-key.read",
    responses: {
      200: { description: "The keys", ...json(z.object({ items: z.array(keyView) })) },
    },
  },
  async (c) => {
    await firstAccountOnly(c, THEIRS);
    const { services, nowMs } = c.var;
    return c.json({ items: (await services.oauth.keys.believed(nowMs)).map(viewOf) });
  },
);

const rotate = route(
  {
    method: "post",
    path: "/v1/oauth/signing-keys",
    summary: "Sign with a new key from now on",
    description:
      "Keys change by themselves every 30 days. The one before is believed until its tokens have run out; delete it to end them now.",
    access: "signing-key.change",
    responses: { 201: { description: "The new key", ...json(keyView) } },
  },
  async (c) => {
    await firstAccountOnly(c, THEIRS);
    return c.json(viewOf(await c.var.services.oauth.keys.rotate(c.var.nowMs)), 201);
  },
);

const withdraw = route(
  {
    method: "delete",
    path: "/v1/oauth/signing-keys/{kid}",
    summary: "Believe a signing key no longer, and none of its tokens",
    description: "Within 5 seconds, everywhere. For a key that somebody else may have.",
    access: "signing-key.change",
    request: { params: z.object({ kid: z.string().regex(/^[\w-]{43}$/) }) },
    responses: { 204: { description: "The key is withdrawn" }, ...fails("not-found") },
  },
  async (c) => {
    await firstAccountOnly(c, THEIRS);
    const { services, nowMs } = c.var;
    if (!(await services.oauth.keys.withdraw(c.req.valid("param").kid, nowMs)))
      refuse({ code: "not-found" });
    forget(c.env, ({ kind }) => kind === "token");
    return new Response(null, { status: 204 });
  },
);

export const signingKeys = feature(list, rotate, withdraw);
