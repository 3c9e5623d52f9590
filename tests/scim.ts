import { expect } from "vitest";
import { call, type TestAccount } from "./helpers.ts";

export const BASE = "/scim/v2";
export const PATCH_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
export type Resource = {
  id: string;
  userName?: string;
  active?: boolean;
  members?: { value: string }[];
  groups?: { value: string; display: string }[];
  meta: { version: string; location: string };
};
export type Page = {
  totalResults: number;
  startIndex: number;
  itemsPerPage: number;
  Resources: Resource[];
};
type ScimProblem = { schemas: string[]; status: string; scimType?: string; code: string };

export type Directory = Awaited<ReturnType<typeof directoryOf>>;
/** What a directory is given: a key that can do nothing else. */
export async function directoryOf(of: TestAccount) {
  const { apiKey } = await of.key(["scim"]);
  return async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) =>
    await call(method, `${BASE}${path}`, {
      ...(body !== undefined && { body }),
      headers: {
        Authorization: `Bearer ${apiKey}`,
        "Content-Type": "application/scim+json",
        ...headers,
      },
    });
}

export async function putUser(
  by: Directory,
  userName: string,
  more: object = {},
): Promise<Resource> {
  const made = await by("POST", "/Users", { schemas: [], userName, ...more });
  expect(made.status).toBe(201);
  return await made.json<Resource>();
}
export const refusal = async (answer: Response) => {
  expect(answer.headers.get("Content-Type")).toBe("application/scim+json");
  const problem = await answer.json<ScimProblem>();
  expect(problem.schemas).toEqual(["urn:ietf:params:scim:api:messages:2.0:Error"]);
  expect(problem.status).toBe(String(answer.status));
  return [answer.status, problem.scimType];
};
export const rolesOf = async (of: TestAccount) => {
  const { items } = await (
    await of.call("GET", "/v1/members?limit=100")
  ).json<{
    items: { id: string; role: string; name: string; email: string }[];
  }>();
  return new Map(items.map(({ id, ...rest }) => [id, rest]));
};
