import { z } from "zod";
import { requestToken } from "#domain/oauth/token-request.ts";
import { feature, json, route } from "#workers/http/kit.ts";
import { form, oauthAnswer, readForm } from "#workers/http/oauth-answer.ts";

/** RFC 6749 section 5.2. */
const oauthError = json(z.object({ error: z.string(), error_description: z.string() }));

const token = route(
  {
    method: "post",
    path: "/oauth/token",
    summary: "Get an access token (OAuth 2.1)",
    description:
      "A form with `grant_type` and what that grant needs; the client authenticates as it registered. Failures have the protocol's own form.",
    access: "public",
    request: { body: form },
    responses: {
      200: {
        description: "A token",
        ...json(
          z.object({
            access_token: z.string(),
            token_type: z.string(),
            expires_in: z.int(),
            scope: z.string(),
            refresh_token: z.string().optional(),
            issued_token_type: z.string().optional(),
          }),
        ),
      },
      400: { description: "Refused", ...oauthError },
      401: { description: "The client has not proven who it is", ...oauthError },
    },
    idempotency: "ignored", // a client that lost the answer asks for another token
  },
  async (c) => {
    const { services, nowMs } = c.var;
    const read = await readForm(c);
    if (!read.ok) return oauthAnswer(read);
    const authorization = c.req.raw.headers.get("Authorization");
    return oauthAnswer(
      await requestToken(services.oauth, { form: read.value, authorization, nowMs }),
    );
  },
);

export const oauthTokens = feature(token);
