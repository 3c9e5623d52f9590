import {
  type AccessToken,
  type Actor,
  ACTORS_MAX,
  type Confirmation,
  type Via,
} from "#domain/oauth/access-token.ts";
import { narrowedAudience } from "#domain/oauth/code-grant.ts";
import { type OAuthError, refused } from "#domain/oauth/errors.ts";
import { narrowed, scopeText } from "#domain/oauth/scopes.ts";
import {
  answerOf,
  type ClientRequest,
  type TokenAnswer,
  type TokenDeps,
} from "#domain/oauth/token-answer.ts";
import { type TokenRow, tokenVerdict } from "#domain/oauth/token-verdict.ts";
import { ok, type Result } from "#domain/shared/result.ts";

export type ExchangeDeps = {
  verified(token: string, nowMs: number): Promise<AccessToken | null>;
  tokenRow(token: AccessToken, nowMs: number): Promise<TokenRow | null>;
};

const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";
const TYPES = [ACCESS_TOKEN, "urn:ietf:params:oauth:token-type:jwt"];

/**
 * A client that was given somebody's token gets one of its own to act for them (RFC 8693): it says who acts, can do no more
 * than both of them could, ends no later, and ends with each token and client it came through.
 */
export async function exchange(
  deps: TokenDeps & ExchangeDeps,
  { client, form, bound, nowMs }: ClientRequest,
): Promise<Result<TokenAnswer, OAuthError>> {
  const { accountId, principalId } = client;
  if (accountId === null || principalId === null)
    return refused("unauthorized_client", "the client belongs to no account");
  if (!TYPES.includes(form.get("requested_token_type") ?? ACCESS_TOKEN))
    return refused("invalid_request", "requested_token_type: only access tokens");
  const subject = await liveToken(
    deps,
    form.get("subject_token"),
    form.get("subject_token_type"),
    nowMs,
  );
  if (subject?.accountId !== accountId)
    return refused("invalid_request", "subject_token: not an access token of the client's account");
  // Else whoever only holds a bound token would get one of it that is worth something without its key.
  if (!isBoundBy(subject, bound))
    return refused(
      "invalid_request",
      "subject_token: is bound to a key, so prove that you hold it",
    );
  let actor: AccessToken | null = null;
  if (form.get("actor_token") !== undefined) {
    actor = await liveToken(deps, form.get("actor_token"), form.get("actor_token_type"), nowMs);
    // Who asks is who will act: nobody is made to act by somebody else's token.
    if (actor?.clientId !== client.id || actor.accountId !== accountId || !isBoundBy(actor, bound))
      return refused("invalid_request", "actor_token: not an access token of the client itself");
  }
  const acting: Actor = {
    sub: actor?.principalId ?? principalId,
    client_id: client.id,
    ...(subject.actor !== undefined && { act: subject.actor }),
  };
  if (depthOf(acting) > ACTORS_MAX)
    return refused("invalid_request", `at most ${ACTORS_MAX} act for one another`);
  const both = subject.scopes.filter((scope) => client.scopes.includes(scope));
  const scopes = narrowed(form.get("scope"), both);
  if (scopes === null || scopes.length === 0)
    return refused("invalid_scope", `at most ${scopeText(both)}`);
  const asked = [...form.all("resource"), ...form.all("audience")];
  const audience = narrowedAudience(asked, subject.audience, deps.publicUrl);
  if (audience === null) return refused("invalid_target", "not what the subject's token is for");
  const token = {
    accountId,
    principalId: subject.principalId,
    clientId: client.id,
    grantId: subject.grantId,
    scopes,
    audience,
    bound,
    actor: acting,
    via: [...(subject.via ?? []), viaOf(subject), ...(actor === null ? [] : [viaOf(actor)])],
  };
  const endsMs = Math.min(subject.expiresAtMs, actor?.expiresAtMs ?? Infinity);
  return ok({
    ...(await answerOf(deps, token, nowMs, endsMs)),
    issued_token_type: ACCESS_TOKEN,
  });
}

/** Whether the request proves to hold whatever the token is bound to. */
const isBoundBy = ({ bound }: AccessToken, proven: Confirmation | undefined): boolean =>
  (bound?.jkt === undefined || bound.jkt === proven?.jkt) &&
  (bound?.["x5t#S256"] === undefined || bound["x5t#S256"] === proven?.["x5t#S256"]);

const viaOf = ({ id, clientId }: AccessToken): Via => ({ jti: id, client_id: clientId });

function depthOf(actor: Actor): number {
  let depth = 0;
  for (let at: Actor | undefined = actor; at !== undefined; at = at.act) depth++;
  return depth;
}

/** A token that counts at this moment: a good signature is not enough to act on. */
async function liveToken(
  deps: ExchangeDeps,
  text: string | undefined,
  type: string | undefined,
  nowMs: number,
): Promise<AccessToken | null> {
  if (text === undefined || type === undefined || !TYPES.includes(type)) return null;
  const token = await deps.verified(text, nowMs);
  if (token === null) return null;
  return tokenVerdict(token, await deps.tokenRow(token, nowMs)) === null ? null : token;
}
