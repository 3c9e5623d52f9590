import type { z } from "zod";
import type { Invalid } from "#domain/shared/problem.ts";

const ERRORS_MAX = 20;
const POINTER_CHARS_MAX = 256;
const QUOTE = 34;
const BACKSLASH = 92;

/** Whether JSON text nests deeper than `depthMax`, found in one pass and without recursion, before anything parses it. */
export function nestsDeeperThan(json: string, depthMax: number): boolean {
  // Most bodies open fewer brackets than may nest; finding those is a memchr, a tenth of the scan below.
  if (!holdsMoreThan(json, "[", "{", depthMax)) return false;
  let depth = 0;
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i);
    if (code === QUOTE) {
      i = endOfString(json, i);
    } else if (code === 91 || code === 123) {
      if (++depth > depthMax) return true;
    } else if (code === 93 || code === 125) {
      depth--;
    }
  }
  return false;
}

/** Whether two characters occur more than `max` times together. */
function holdsMoreThan(text: string, one: string, other: string, max: number): boolean {
  let found = 0;
  for (const sought of [one, other]) {
    for (let at = text.indexOf(sought); at !== -1; at = text.indexOf(sought, at + 1)) {
      if (++found > max) return true;
    }
  }
  return false;
}

/** The index of the quote that closes the string opened at `start`. */
function endOfString(json: string, start: number): number {
  let i = json.indexOf('"', start + 1);
  while (i !== -1) {
    let backslashes = 0;
    while (json.charCodeAt(i - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return i;
    i = json.indexOf('"', i + 1);
  }
  return json.length;
}

/** Where a parsed JSON value holds text that no store can carry (NUL, an unpaired surrogate), in keys or values. */
export function unstorableText(value: unknown): Invalid[] {
  const found: Invalid[] = [];
  // An explicit stack: the depth of `value` is the client's choice.
  const stack: { value: unknown; path: PropertyKey[] }[] = [{ value, path: [] }];
  for (
    let next = stack.pop();
    next !== undefined && found.length < ERRORS_MAX;
    next = stack.pop()
  ) {
    const { path } = next;
    if (typeof next.value === "string") {
      if (!isStorable(next.value)) found.push({ pointer: pointerOf(path), detail: UNSTORABLE });
    } else if (typeof next.value === "object" && next.value !== null) {
      for (const [key, inner] of Object.entries(next.value)) {
        if (!isStorable(key))
          found.push({ pointer: pointerOf(path), detail: `a key here ${UNSTORABLE}` });
        else if (typeof inner === "string" || typeof inner === "object")
          stack.push({ value: inner, path: [...path, key] });
      }
    }
  }
  return found;
}

const UNSTORABLE = "must not hold NUL or an unpaired surrogate";
const isStorable = (text: string) => text.isWellFormed() && !text.includes("\0");

/** A JSON Pointer (RFC 6901). */
export function pointerOf(path: readonly PropertyKey[]): string {
  let pointer = "";
  for (const part of path)
    pointer += `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`;
  return pointer.toWellFormed().slice(0, POINTER_CHARS_MAX);
}

/** What a schema found wrong, one entry a place. `prefix` is `#/query` and the like outside a body. */
export function invalidOf(error: z.core.$ZodError, prefix = ""): Invalid[] {
  const errors: Invalid[] = [];
  for (const issue of error.issues.flatMap(spelledOut)) {
    if (errors.length >= ERRORS_MAX) break;
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys.slice(0, ERRORS_MAX - errors.length)) {
        errors.push({
          pointer: prefix + pointerOf([...issue.path, key]),
          detail: "is not a known field",
        });
      }
    } else {
      errors.push({ pointer: prefix + pointerOf(issue.path), detail: issue.message });
    }
  }
  return errors;
}

/**
 * Of a value that is none of several things, which says nothing by itself: what is wrong with it as the one that it is
 * meant to be, where only one comes into question by its type, or else what each would have been.
 */
function spelledOut(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return [issue];
  const meant = issue.errors.filter((one) => !one.some(isOtherThing));
  const [only, another] = meant.map((one) =>
    one.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })),
  );
  if (only !== undefined && another === undefined) return only.flatMap(spelledOut);
  const ways = (meant.length === 0 ? issue.errors : meant).flatMap(([first]) => first ?? []);
  const message = [...new Set(ways.map((one) => one.message))].join(", or ");
  return [{ ...issue, message: message || issue.message }];
}

const isOtherThing = ({ code, path }: z.core.$ZodIssue): boolean =>
  path.length === 0 && (code === "invalid_type" || code === "invalid_value");
