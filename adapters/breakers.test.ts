import { env } from "cloudflare:workers";
import { expect, inject, it } from "vitest";
import { egress } from "#adapters/egress.ts";
import { embedding } from "#adapters/inference.ts";

const bindings: Env = env;
const outside = inject("outside");
const asked = async () => Number(await (await fetch(`${outside}/broken/asked`)).text());

it("leaves a target alone that failed ten times, and nothing else of the same origin", async () => {
  const out = egress({ ...bindings, WISHUB_EGRESS_ALLOW: outside });
  const before = await asked();
  for (let i = 0; i < 10; i++)
    expect(await out(`${outside}/broken`)).toMatchObject({ ok: true, value: { status: 500 } });
  expect(await out(`${outside}/broken?again`)).toMatchObject({
    ok: false,
    error: { code: "egress-failed", retryAfterS: 1 },
  });
  expect(await asked()).toBe(before + 10);
  expect(await out(`${outside}/ok`)).toMatchObject({ ok: true, value: { status: 200 } });
});

it("leaves an inference endpoint alone that failed ten times, and says when to come back", async () => {
  const embed = embedding({
    ...bindings,
    WISHUB_AI_URL: `${outside}/broken`,
    WISHUB_AI_MODEL: "a-model",
  });
  const before = await asked();
  const outcomes = [];
  for (let i = 0; i < 12; i++) outcomes.push(await embed.query(embed.space.id, `text ${i}`));
  expect(await asked()).toBe(before + 10);
  expect(outcomes.at(-1)).toEqual({
    ok: false,
    error: { code: "overloaded", detail: "the model failed time and again", retryAfterS: 1 },
  });
  // The embedded model is another service, and goes on.
  const [, embedded] = embed.spaces;
  expect((await embed.query(embedded?.id ?? "", "water boils")).ok).toBe(true);
});
