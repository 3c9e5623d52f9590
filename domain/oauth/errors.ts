/** What an OAuth endpoint can answer, by the registered names (RFC 6749 5.2, 7591 3.2.2, 8628 3.5, 8707 2, 9449 5 and 8). */
const STATUSES = {
  invalid_request: 400,
  invalid_client: 401,
  invalid_grant: 400,
  unauthorized_client: 400,
  unsupported_grant_type: 400,
  invalid_scope: 400,
  invalid_target: 400,
  access_denied: 400,
  authorization_pending: 400,
  slow_down: 400,
  expired_token: 400,
  invalid_redirect_uri: 400,
  invalid_client_metadata: 400,
  invalid_dpop_proof: 400,
  use_dpop_nonce: 400,
  unsupported_response_type: 400,
  unsupported_token_type: 400,
  temporarily_unavailable: 503,
} as const;

export type OAuthErrorCode = keyof typeof STATUSES;
/** An expected failure of the protocol: a plain value like every other one. */
export type OAuthError = { error: OAuthErrorCode; description: string };

export const statusOf = (code: OAuthErrorCode): number => STATUSES[code];

export const refused = (error: OAuthErrorCode, description: string) => ({
  ok: false as const,
  error: { error, description },
});
