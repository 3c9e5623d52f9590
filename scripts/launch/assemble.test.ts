import { expect, test } from "vitest";
import { withVariables } from "./assemble.ts";

test("what is started after the Workers were wired sees nothing of what Miniflare was told", async () => {
  process.env["WISHUB_TEST_KNOWN"] = "before";
  const seen: (string | undefined)[] = [];
  const look = () => seen.push(process.env["WISHUB_TEST_KNOWN"], process.env["WISHUB_TEST_NEW"]);
  const variables = { WISHUB_TEST_KNOWN: "within", WISHUB_TEST_NEW: "within" };
  await withVariables(variables, async () => void look());
  look();
  await expect(withVariables(variables, () => Promise.reject(new Error("failed")))).rejects.toThrow(
    "failed",
  );
  look();
  expect(seen).toEqual(["within", "within", "before", undefined, "before", undefined]);
  delete process.env["WISHUB_TEST_KNOWN"];
});
