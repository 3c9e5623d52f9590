import { expect, it } from "vitest";
import { feishu } from "#adapters/channels/feishu.ts";
import { fakeFeishu } from "#adapters/channels/fakes/feishu.ts";
import { callTo, requestOf } from "#adapters/channels/channel.contract.ts";
import type { ConfigOf } from "#domain/channels/kinds.ts";

const NOW_MS = 1_767_225_600_000;

async function heard(text: string, mentions: { key: string; name: string }[]) {
  const vendor = fakeFeishu();
  const config = vendor.config("https://vendor.example") as ConfigOf<"feishu">;
  const face = feishu(config, callTo(vendor));
  const call = await vendor.says({ text, mentions }, NOW_MS);
  const received = await face.receive(requestOf(call), NOW_MS);
  return received.ok ? received.value.said[0]?.text : received.error.code;
}

it("writes out who is mentioned, each by their own name", async () => {
  const mentions = Array.from({ length: 11 }, (_, i) => ({
    key: `@_user_${i + 1}`,
    name: `Name ${i + 1}`,
  }));
  expect(await heard("@_user_1 and @_user_11, not @_user_12", mentions)).toBe(
    "@Name 1 and @Name 11, not @_user_12",
  );
});

it("takes a name for a name, whatever people call themselves", async () => {
  expect(await heard("for @_user_1!", [{ key: "@_user_1", name: "$' $& $$" }])).toBe(
    "for @$' $& $$!",
  );
  // Names that name the next one would grow without end.
  const chain = Array.from({ length: 8 }, (_, i) => ({
    key: `@_user_${i + 1}`,
    name: `@_user_${i + 2}`.repeat(4),
  }));
  expect(await heard("@_user_1", chain)).toBe(`@${"@_user_2".repeat(4)}`);
});
