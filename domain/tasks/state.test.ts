import { expect, it } from "vitest";
import { array, assert, constantFrom, property } from "fast-check";
import { hasEnded, isAtRest, moved, TASK_STATES, type TaskState } from "./state.ts";

const anyState = constantFrom(...TASK_STATES);

it("lets nothing come after an end, whatever is asked of it", () => {
  assert(
    property(array(anyState, { maxLength: 40 }), (asked) => {
      let state: TaskState = "submitted";
      let ended: TaskState | null = null;
      for (const to of asked) {
        const next = moved(state, to);
        if (next.ok) state = next.value;
        if (ended !== null) expect(state).toBe(ended);
        if (hasEnded(state)) ended ??= state;
      }
    }),
  );
});

it("can end a task in every state that is no end", () => {
  for (const state of TASK_STATES.filter((one) => !hasEnded(one))) {
    expect(moved(state, "canceled").ok, state).toBe(true);
    expect(moved(state, "completed").ok, state).toBe(true);
  }
});

it("hands a task out again that was let go, or that has what it waited for", () => {
  for (const state of ["working", "input-required", "auth-required"] as const)
    expect(moved(state, "submitted")).toEqual({ ok: true, value: "submitted" });
});

it("tells a task that rests from one that somebody may be working on", () => {
  expect(TASK_STATES.filter((state) => !isAtRest(state))).toEqual(["submitted", "working"]);
});
