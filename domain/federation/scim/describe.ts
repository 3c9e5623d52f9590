import { LIMITS } from "#domain/shared/limits.ts";
import { PROBLEMS, type Problem } from "#domain/shared/problem.ts";
import { GROUP_SCHEMA } from "./group.ts";
import { USER_SCHEMA } from "./user.ts";

const SCHEMA = "urn:ietf:params:scim:schemas:core:2.0";
export const LIST_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
export const ERROR_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error";

/** What this service provider does of the protocol (RFC 7643 5). */
export const serviceProviderConfig = (base: string) => ({
  schemas: [`${SCHEMA}:ServiceProviderConfig`],
  patch: { supported: true },
  bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
  filter: { supported: true, maxResults: LIMITS.pageMax },
  changePassword: { supported: false },
  sort: { supported: false },
  etag: { supported: true },
  authenticationSchemes: [
    {
      type: "oauthbearertoken",
      name: "API key",
      description: "An API key with the scope scim, as a bearer token",
      primary: true,
    },
  ],
  meta: { resourceType: "ServiceProviderConfig", location: `${base}/ServiceProviderConfig` },
});

/** RFC 7643 6. */
export const resourceTypes = (base: string) =>
  [
    { id: "User", endpoint: "/Users", schema: USER_SCHEMA },
    { id: "Group", endpoint: "/Groups", schema: GROUP_SCHEMA },
  ].map((type) => ({
    schemas: [`${SCHEMA}:ResourceType`],
    name: type.id,
    ...type,
    meta: { resourceType: "ResourceType", location: `${base}/ResourceTypes/${type.id}` },
  }));

const attribute = (name: string, more: object = {}) => ({
  name,
  type: "string",
  multiValued: false,
  required: false,
  caseExact: false,
  mutability: "readWrite",
  returned: "default",
  uniqueness: "none",
  ...more,
});
const references = (name: string, more: object) =>
  attribute(name, {
    type: "complex",
    multiValued: true,
    subAttributes: [attribute("value", { caseExact: true })],
    ...more,
  });

/** RFC 7643 7: the attributes that are kept. */
export const schemas = (base: string) =>
  [
    {
      id: USER_SCHEMA,
      name: "User",
      attributes: [
        attribute("userName", { required: true, uniqueness: "server" }),
        attribute("externalId", { caseExact: true }),
        attribute("displayName"),
        attribute("name", {
          type: "complex",
          subAttributes: ["formatted", "givenName", "familyName"].map((part) => attribute(part)),
        }),
        attribute("emails", {
          type: "complex",
          multiValued: true,
          subAttributes: [
            attribute("value"),
            attribute("type"),
            attribute("primary", { type: "boolean" }),
          ],
        }),
        attribute("active", { type: "boolean" }),
        references("groups", { mutability: "readOnly" }),
      ],
    },
    {
      id: GROUP_SCHEMA,
      name: "Group",
      attributes: [
        attribute("displayName", { required: true, uniqueness: "server" }),
        attribute("externalId", { caseExact: true }),
        references("members", {}),
      ],
    },
  ].map((schema) => ({
    schemas: [`${SCHEMA}:Schema`],
    ...schema,
    meta: { resourceType: "Schema", location: `${base}/Schemas/${schema.id}` },
  }));

/** A failure in the protocol's own form (RFC 7644 3.12), with our code and request id beside it. */
export function scimError(problem: Problem, instance: string) {
  const { status, title } = PROBLEMS[problem.code];
  const [first] = problem.errors ?? [];
  const detail = first === undefined ? problem.detail : `${first.pointer} ${first.detail}`.trim();
  const scimType = scimTypeOf(problem);
  return {
    schemas: [ERROR_SCHEMA],
    status: String(status),
    ...(scimType !== undefined && { scimType }),
    detail: detail ?? title,
    code: problem.code,
    instance,
    ...(problem.errors !== undefined && { errors: problem.errors }),
  };
}

function scimTypeOf({ code, errors = [] }: Problem): string | undefined {
  if (code === "conflict") return "uniqueness";
  if (code !== "invalid-request") return undefined;
  const pointer = errors[0]?.pointer ?? "";
  if (pointer === "#/query/filter") return "invalidFilter";
  if (/^\/Operations(\/\d+)?\/path$/.test(pointer)) return "invalidPath";
  return pointer === "" || pointer.startsWith("/Operations") ? "invalidSyntax" : "invalidValue";
}
