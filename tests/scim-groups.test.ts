import { env } from "cloudflare:workers";
import { describe, expect, inject, it } from "vitest";
import { isolate, newAccount } from "./helpers.ts";
import {
  directoryOf,
  type Page,
  PATCH_SCHEMA,
  putUser,
  refusal,
  type Resource,
  rolesOf,
} from "./scim.ts";

describe("groups of a directory", () => {
  it("give and take the roles that the account's provider maps them to", async () => {
    const of = await newAccount();
    const by = await directoryOf(of);
    const outside = inject("outside");
    const provider = await isolate({ WISHUB_EGRESS_ALLOW: outside })(
      of,
      "POST",
      "/v1/identity-providers",
      {
        protocol: "oidc",
        name: "Corp",
        issuer: outside,
        clientId: "x",
        provisioning: "scim",
        roles: [
          { attribute: "groups", value: "Operators", role: "admin" },
          { attribute: "groups", value: "Engineering", role: "member" },
        ],
      },
    );
    expect(provider.status).toBe(201);
    const [ada, bob] = [await putUser(by, "ada@example.com"), await putUser(by, "bob@example.com")];
    const roleOf = async (id: string) => (await rolesOf(of)).get(id)?.role;
    const made = await by("POST", "/Groups", {
      displayName: "Engineering",
      members: [{ value: ada.id }, { value: "p0_nobody" }, { value: of.principal.principalId }],
    });
    expect(made.status).toBe(201);
    const engineering = await made.json<Resource>();
    // Whom the directory did not put here is no member of its groups, and keeps their role.
    expect(engineering.members?.map(({ value }) => value)).toEqual([ada.id]);
    expect([await roleOf(ada.id), await roleOf(of.principal.principalId)]).toEqual([
      "member",
      "owner",
    ]);
    const read = await (await by("GET", `/Users/${ada.id}`)).json<Resource>();
    expect(read.groups).toMatchObject([{ value: engineering.id, display: "Engineering" }]);

    const operators = await (
      await by("POST", "/Groups", { displayName: "Operators", members: [{ value: ada.id }] })
    ).json<Resource>();
    expect(await roleOf(ada.id)).toBe("admin");
    const patch = (group: Resource, ...Operations: object[]) =>
      by("PATCH", `/Groups/${group.id}`, { schemas: [PATCH_SCHEMA], Operations });
    await patch(
      operators,
      { op: "Remove", path: `members[value eq "${ada.id}"]` },
      { op: "Add", path: "members", value: [{ value: bob.id }] },
    );
    expect([await roleOf(ada.id), await roleOf(bob.id)]).toEqual(["member", "admin"]);
    await patch(operators, { op: "replace", path: "displayName", value: "Former operators" });
    expect(await roleOf(bob.id)).toBe("viewer");
    expect(
      (await by("PUT", `/Groups/${engineering.id}`, { displayName: "Engineering" })).status,
    ).toBe(200);
    expect(await roleOf(ada.id)).toBe("viewer");
    await patch(engineering, { op: "add", path: "members", value: [{ value: ada.id }] });
    expect(await roleOf(ada.id)).toBe("member");
    expect((await by("DELETE", `/Groups/${engineering.id}`)).status).toBe(204);
    expect(await roleOf(ada.id)).toBe("viewer");
  });

  it("touch nobody's role whom the directory did not put here", async () => {
    const of = await newAccount();
    const by = await directoryOf(of);
    const outside = inject("outside");
    const at = isolate({ WISHUB_EGRESS_ALLOW: outside });
    const settings = {
      protocol: "oidc",
      name: "Corp",
      issuer: outside,
      clientId: "x",
      provisioning: "scim",
    };
    expect((await at(of, "POST", "/v1/identity-providers", settings)).status).toBe(201);
    await env.CATALOG_0.prepare(
      "INSERT INTO principal (account_id, id, kind, name, role, status, created_at_ms) VALUES (?, 'p0_admin', 'person', '', 'admin', 'active', 0)",
    )
      .bind(of.accountId)
      .run();
    const group = await (await by("POST", "/Groups", { displayName: "G" })).json<Resource>();
    for (const op of ["add", "remove"])
      await by("PATCH", `/Groups/${group.id}`, {
        Operations: [{ op, path: "members", value: [{ value: "p0_admin" }] }],
      });
    expect((await rolesOf(of)).get("p0_admin")?.role).toBe("admin");
    const owner = of.principal.principalId;
    expect((await by("DELETE", `/Users/${owner}`)).status).toBe(404);
    expect((await by("PUT", `/Users/${owner}`, { userName: "x", active: false })).status).toBe(404);
  });

  it("are found by name and listed without members", async () => {
    const by = await directoryOf(await newAccount());
    const group = await (
      await by("POST", "/Groups", { displayName: "A", externalId: "e" })
    ).json<Resource>();
    for (const filter of ['displayName eq "A"', 'externalId eq "e"']) {
      const page = await (
        await by("GET", `/Groups?filter=${encodeURIComponent(filter)}&excludedAttributes=members`)
      ).json<Page>();
      expect(page.Resources.map(({ id }) => id)).toEqual([group.id]);
    }
    expect(await refusal(await by("POST", "/Groups", { displayName: "A" }))).toEqual([
      409,
      "uniqueness",
    ]);
    expect(await refusal(await by("POST", "/Groups", {}))).toEqual([400, "invalidValue"]);
  });
});

it("describes itself", async () => {
  const directory = await directoryOf(await newAccount());
  const config = await (await directory("GET", "/ServiceProviderConfig")).json();
  expect(config).toMatchObject({ patch: { supported: true }, bulk: { supported: false } });
  const types = await (await directory("GET", "/ResourceTypes")).json<Page>();
  expect(types.Resources.map(({ id }) => id)).toEqual(["User", "Group"]);
  const id = "urn:ietf:params:scim:schemas:core:2.0:User";
  expect(await (await directory("GET", `/Schemas/${id}`)).json()).toMatchObject({
    id,
    name: "User",
  });
  expect((await directory("GET", "/Schemas/urn:x")).status).toBe(404);
});
