import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ROLES } from "#domain/accounts/model.ts";
import { maskedEmail, maskedName, PURPOSES, shownText } from "#domain/protection/masking.ts";

describe("a personal field of somebody else", () => {
  it("is shown as role and purpose allow, whichever allows less", () => {
    const table = ROLES.map((role) => [
      role,
      ...PURPOSES.map(
        (purpose) =>
          `${shownText("name", "Ada Lovelace", role, purpose)} ${shownText("email", "ada@example.org", role, purpose)}`,
      ),
    ]);
    const [all, some, few, masked] = [
      "Ada Lovelace ada@example.org",
      "Ada Lovelace null",
      "A. L. null",
      "A. L. a…@e….org",
    ];
    expect(table).toEqual([
      ["owner", all, some, few, masked],
      ["admin", all, some, few, masked],
      ["member", some, some, few, few],
      ["auditor", some, some, few, few],
      ["viewer", some, some, few, few],
    ]);
  });

  it("is shown as the role usually needs it where no purpose is said", () => {
    expect(shownText("email", "ada@example.org", "owner")).toBe("ada@example.org");
    expect(shownText("email", "ada@example.org", "auditor")).toBeNull();
    expect(shownText("name", "Ada", "viewer")).toBe("Ada");
  });

  it("is masked so that no more than first letters and the last label are left", () => {
    expect(maskedName("  Ada   Lovelace ")).toBe("A. L.");
    expect(maskedName("李 四")).toBe("李. 四.");
    expect(maskedName("👩‍🚀")).not.toBe("");
    expect(maskedName(" ")).toBe("…");
    expect(maskedEmail("no address")).toBe("…");
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z]{2,20}$/),
        fc.stringMatching(/^[a-z]{2,20}$/),
        (mailbox, host) => {
          const masked = maskedEmail(`${mailbox}@${host}.example.org`);
          expect(masked).toBe(`${mailbox[0]}…@${host[0]}….org`);
        },
      ),
    );
  });
});
