import type { Finding } from "#domain/verification/evidence.ts";
import type { Field } from "#domain/verification/fields.ts";
import {
  assignments,
  entropyOf,
  isPlaceholder,
  tokensOf,
  type Token,
} from "#domain/verification/secret-text.ts";

/** What a provider's key looks like: a fixed beginning, then so many characters of one alphabet. */
type Format = { code: string; name: string; prefix: string; rest: RegExp };

// Every `rest` is one or a few character classes in a row, anchored at both ends, over a token of at most
// TOKEN_CHARS_MAX characters: matching it is a single pass.
const FORMATS: readonly Format[] = [
  ...["AKIA", "ASIA", "ABIA", "ACCA"].map((prefix) => ({
    code: "aws-access-key",
    name: "AWS access key id",
    prefix,
    rest: /^[A-Z2-7]{16}$/,
  })),
  ...["ghp_", "gho_", "ghu_", "ghs_", "ghr_"].map((prefix) => ({
    code: "github-token",
    name: "GitHub token",
    prefix,
    rest: /^[A-Za-z0-9]{36,}$/,
  })),
  {
    code: "github-token",
    name: "GitHub fine-grained token",
    prefix: "github_pat_",
    rest: /^[A-Za-z0-9_]{40,}$/,
  },
  { code: "gitlab-token", name: "GitLab token", prefix: "glpat-", rest: /^[\w-]{20,}$/ },
  ...["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xapp-"].map((prefix) => ({
    code: "slack-token",
    name: "Slack token",
    prefix,
    rest: /^[A-Za-z0-9-]{20,}$/,
  })),
  ...["sk_live_", "rk_live_"].map((prefix) => ({
    code: "stripe-key",
    name: "Stripe live key",
    prefix,
    rest: /^[A-Za-z0-9]{16,}$/,
  })),
  {
    code: "stripe-webhook-secret",
    name: "Stripe webhook secret",
    prefix: "whsec_",
    rest: /^[A-Za-z0-9+/=]{24,}$/,
  },
  { code: "anthropic-key", name: "Anthropic key", prefix: "sk-ant-", rest: /^[\w-]{20,}$/ },
  ...["sk-proj-", "sk-svcacct-", "sk-admin-"].map((prefix) => ({
    code: "openai-key",
    name: "OpenAI key",
    prefix,
    rest: /^[\w-]{20,}$/,
  })),
  { code: "openrouter-key", name: "OpenRouter key", prefix: "sk-or-", rest: /^[\w-]{20,}$/ },
  { code: "model-api-key", name: "model provider key", prefix: "sk-", rest: /^[A-Za-z0-9]{32,}$/ },
  { code: "google-api-key", name: "Google API key", prefix: "AIza", rest: /^[\w-]{35}$/ },
  {
    code: "google-oauth-secret",
    name: "Google OAuth client secret",
    prefix: "GOCSPX-",
    rest: /^[\w-]{28}$/,
  },
  {
    code: "google-oauth-token",
    name: "Google OAuth access token",
    prefix: "ya29.",
    rest: /^[\w-]{20,}$/,
  },
  { code: "npm-token", name: "npm token", prefix: "npm_", rest: /^[A-Za-z0-9]{36}$/ },
  { code: "pypi-token", name: "PyPI token", prefix: "pypi-AgE", rest: /^[\w-]{50,}$/ },
  {
    code: "huggingface-token",
    name: "Hugging Face token",
    prefix: "hf_",
    rest: /^[A-Za-z0-9]{30,}$/,
  },
  {
    code: "sendgrid-key",
    name: "SendGrid key",
    prefix: "SG.",
    rest: /^[\w-]{16,32}\.[\w-]{16,64}$/,
  },
  {
    code: "digitalocean-token",
    name: "DigitalOcean token",
    prefix: "dop_v1_",
    rest: /^[a-f0-9]{64}$/,
  },
  { code: "shopify-token", name: "Shopify token", prefix: "shpat_", rest: /^[a-fA-F0-9]{32}$/ },
  { code: "grafana-token", name: "Grafana token", prefix: "glsa_", rest: /^[A-Za-z0-9_]{32,}$/ },
  { code: "databricks-token", name: "Databricks token", prefix: "dapi", rest: /^[a-f0-9]{32}$/ },
  { code: "vault-token", name: "Vault token", prefix: "hvs.", rest: /^[\w-]{24,}$/ },
  { code: "age-key", name: "age secret key", prefix: "AGE-SECRET-KEY-1", rest: /^[A-Z0-9]{58}$/ },
  {
    code: "brevo-key",
    name: "Brevo key",
    prefix: "xkeysib-",
    rest: /^[a-f0-9]{64}-[A-Za-z0-9]{16}$/,
  },
  { code: "linear-key", name: "Linear key", prefix: "lin_api_", rest: /^[A-Za-z0-9]{40}$/ },
  {
    code: "alibaba-access-key",
    name: "Alibaba Cloud access key id",
    prefix: "LTAI",
    rest: /^[A-Za-z0-9]{12,24}$/,
  },
  {
    code: "tencent-secret-id",
    name: "Tencent Cloud secret id",
    prefix: "AKID",
    rest: /^[A-Za-z0-9]{32}$/,
  },
];

/** WisHub's own API keys, of this and later catalog shards. */
const WISHUB_KEY = /^wh[0-9a-z]{1,4}_[A-Za-z0-9_-]{20,}$/;
/** The demonstration token of jwt.io, printed in countless documents. */
const DEMONSTRATION_JWT = "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c";

/** Credentials in a text. What is clearly a placeholder or a published example is a note at most. */
export function findSecrets(field: Field): Finding[] {
  const findings: Finding[] = [];
  const add = (verdict: Finding["verdict"], code: string, name: string, at: number) => {
    findings.push({
      verdict,
      code,
      detail: `${name} at character ${at + 1}`,
      pointer: field.pointer,
    });
  };
  const taken = new Set<number>();
  for (const token of tokensOf(field.text)) {
    const found = knownFormat(token);
    if (found === undefined) continue;
    taken.add(token.at);
    add(found.verdict, found.code, found.name, token.at);
  }
  privateKeys(field.text, add);
  connectionStrings(field.text, add);
  for (const { name, value, at } of assignments(field.text)) {
    if (taken.has(at) || isPlaceholder(value)) continue;
    // 3.5 bits a character over 20 characters with letters and digits is beyond words, identifiers and dates.
    if (value.length >= 20 && entropyOf(value) >= 3.5 && /\d/.test(value) && /[A-Za-z]/.test(value))
      add(
        "fail",
        "high-entropy-secret",
        `A random-looking value given to a name like “${name}”`,
        at,
      );
    else if (value.length >= 8 && entropyOf(value) >= 2.5 && /\d/.test(value))
      add("note", "possible-password", `A literal value given to a name like “${name}”`, at);
  }
  return findings;
}

function knownFormat(
  token: Token,
): { verdict: Finding["verdict"]; code: string; name: string } | undefined {
  const { text } = token;
  for (const { code, name, prefix, rest } of FORMATS) {
    if (!text.startsWith(prefix) || !rest.test(text.slice(prefix.length))) continue;
    return { verdict: isPlaceholder(text.slice(prefix.length)) ? "note" : "fail", code, name };
  }
  if (WISHUB_KEY.test(text) && entropyOf(text) > 3.5)
    return {
      verdict: isPlaceholder(text) ? "note" : "fail",
      code: "wishub-key",
      name: "WisHub API key",
    };
  if (text.startsWith("eyJ")) return jwt(text);
  return telegram(text);
}

/** A signed token: three parts, the first two of which are JSON in base64url. */
function jwt(
  text: string,
): { verdict: Finding["verdict"]; code: string; name: string } | undefined {
  const [header, payload, signature, ...more] = text.split(".");
  if (
    !header ||
    !payload?.startsWith("eyJ") ||
    !signature ||
    signature.length < 16 ||
    more.length > 0
  )
    return undefined;
  const example = signature === DEMONSTRATION_JWT || isPlaceholder(signature);
  return { verdict: example ? "note" : "fail", code: "json-web-token", name: "JSON Web Token" };
}

function telegram(
  text: string,
): { verdict: Finding["verdict"]; code: string; name: string } | undefined {
  if (!/^\d{8,10}:AA[\w-]{33}$/.test(text)) return undefined;
  return {
    verdict: isPlaceholder(text) ? "note" : "fail",
    code: "telegram-bot-token",
    name: "Telegram bot token",
  };
}

type Add = (verdict: Finding["verdict"], code: string, name: string, at: number) => void;

/** A PEM private key counts when key material follows; a bare header line in a text about keys is a note. */
function privateKeys(text: string, add: Add): void {
  for (let at = text.indexOf("-----BEGIN "); at >= 0; at = text.indexOf("-----BEGIN ", at + 11)) {
    const label = text.slice(at + 11, at + 60);
    const end = label.indexOf("-----");
    if (end < 0 || !label.slice(0, end).includes("PRIVATE KEY")) continue;
    const material = text
      .slice(at + 16 + end, at + 16 + end + 200)
      .replaceAll("\\n", "")
      .replace(/[^A-Za-z0-9+/=]/g, "");
    const real =
      material.length >= 64 &&
      entropyOf(material.slice(0, 64)) > 4 &&
      !isPlaceholder(material.slice(0, 64));
    add(
      real ? "fail" : "note",
      "private-key",
      real ? "Private key block" : "Private key header without a key",
      at,
    );
  }
}

/** Hosts that are nobody's production: a password for them in a text is how documentation is written. */
const EXAMPLE_HOSTS =
  /^(localhost|127\.|0\.0\.0\.0|\[::1\]|host\b|hostname|server|db\b|database|postgres\b|mysql\b|redis\b|mongo\b|rabbitmq\b|proxy\b|([\w-]{1,63}\.){0,4}(example|test|invalid|local|internal)\b|([\w-]{1,63}\.){0,4}(my|your)[\w-]{0,40}\.)/i;

/** `scheme://user:password@host`. */
function connectionStrings(text: string, add: Add): void {
  for (let at = text.indexOf("://"); at >= 0; at = text.indexOf("://", at + 3)) {
    const rest = text.slice(at + 3, at + 300);
    const authority = rest.slice(0, endOf(rest, "/?# \t\n\r\"'`<>()|\\"));
    const split = authority.lastIndexOf("@");
    const colon = authority.indexOf(":");
    if (split < 0 || colon < 0 || colon > split) continue;
    const password = authority.slice(colon + 1, split);
    const host = authority.slice(split + 1);
    if (password.length < 3 || host === "" || isPlaceholder(password)) continue;
    add(
      EXAMPLE_HOSTS.test(host) ? "note" : "fail",
      "connection-string",
      "Connection string with a password",
      at,
    );
  }
}

function endOf(text: string, stops: string): number {
  for (let i = 0; i < text.length; i++) if (stops.includes(text.charAt(i))) return i;
  return text.length;
}
