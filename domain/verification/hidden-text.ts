import type { Finding } from "#domain/verification/evidence.ts";

type Hidden = Pick<Finding, "verdict" | "code" | "detail">;

/** More zero-width characters in a row than any script or emoji needs. */
const ZERO_WIDTH_RUN_MAX = 6;

/** Text that a person does not see and a model does, and marks that belong to a model's own protocol. */
export function hiddenText(text: string): Hidden[] {
  return [...invisible(text), ...protocolMarks(text), ...images(text), ...comments(text)];
}

/** Smuggling by code point: tag characters, bidirectional overrides, long runs of zero-width characters. */
function invisible(text: string): Hidden[] {
  const counts = {
    tags: 0,
    overrides: 0,
    selectors: 0,
    zeroWidth: 0,
    longestRun: 0,
    rightToLeft: 0,
  };
  let run = 0;
  let flag = false;
  // A byte order mark at the beginning is how some editors save a file.
  for (const character of text.startsWith("\ufeff") ? text.slice(1) : text) {
    const code = character.codePointAt(0) ?? 0;
    // The flags of England, Scotland and Wales are a black flag and tag characters.
    if (code === 0x1f3f4) flag = true;
    else if (code < 0xe0000 || code > 0xe007f) flag = false;
    else if (!flag) counts.tags += 1;
    if (code === 0x202d || code === 0x202e) counts.overrides += 1;
    if (code >= 0xe0100 && code <= 0xe01ef) counts.selectors += 1;
    if (code >= 0x590 && code <= 0x8ff) counts.rightToLeft += 1;
    const zeroWidth =
      code === 0x200b ||
      code === 0x200c ||
      code === 0x200d ||
      (code >= 0x2060 && code <= 0x2064) ||
      code === 0xfeff;
    if (zeroWidth) counts.zeroWidth += 1;
    run = zeroWidth ? run + 1 : 0;
    counts.longestRun = Math.max(counts.longestRun, run);
  }
  const found: Hidden[] = [];
  const add = (verdict: Hidden["verdict"], code: string, detail: string) =>
    found.push({ verdict, code, detail });
  if (counts.tags > 0) add("fail", "tag-characters", `${counts.tags} invisible tag characters`);
  if (counts.selectors > 8)
    add("fail", "variation-selectors", `${counts.selectors} supplementary variation selectors`);
  if (counts.overrides > 0)
    add(
      counts.rightToLeft > 0 ? "note" : "fail",
      "bidirectional-override",
      `${counts.overrides} overrides of the writing direction`,
    );
  if (counts.longestRun > ZERO_WIDTH_RUN_MAX)
    add("fail", "zero-width-run", `${counts.longestRun} zero-width characters in a row`);
  else if (counts.zeroWidth > 0)
    add("note", "zero-width", `${counts.zeroWidth} zero-width characters`);
  return found;
}

const ROLE_MARKS = [
  "<|im_start|>",
  "<|im_end|>",
  "<|system|>",
  "<|user|>",
  "<|assistant|>",
  "<|endoftext|>",
  "<|start_header_id|>",
  "<|eot_id|>",
  "[INST]",
  "[/INST]",
  "<<SYS>>",
  "<start_of_turn>",
  "<end_of_turn>",
];
const TOOL_MARKS = [
  "<tool_call>",
  "</tool_call>",
  "<function_call>",
  "<function_calls>",
  "<invoke name=",
  "<tool_use>",
  "<tool_result>",
  "<function_results>",
  "<|tool_call|>",
  "<|python_tag|>",
  "[TOOL_CALLS]",
];

/** Marks of a chat template or a tool call. In code they are documentation; in running text they act. */
function protocolMarks(text: string): Hidden[] {
  const found: Hidden[] = [];
  if (!text.includes("<") && !text.includes("[")) return found;
  const running = outsideCode(text);
  for (const [marks, code, what] of [
    [ROLE_MARKS, "role-marker", "mark of a chat template"],
    [TOOL_MARKS, "forged-tool-call", "mark of a tool call"],
  ] as const) {
    if (marks.some((mark) => running.includes(mark)))
      found.push({ verdict: "fail", code, detail: `A ${what} in running text` });
    else if (marks.some((mark) => text.includes(mark)))
      found.push({ verdict: "note", code, detail: `A ${what} inside code` });
  }
  return found;
}

/** A Markdown image whose address has a gap to fill in its query: what fills it leaves with the request. */
function images(text: string): Hidden[] {
  const running = outsideCode(text);
  for (let at = running.indexOf("!["); at >= 0; at = running.indexOf("![", at + 2)) {
    const open = running.slice(at, at + 300).indexOf("](");
    if (open < 0) continue;
    const rest = running.slice(at + open + 2, at + open + 1_002);
    const close = rest.indexOf(")");
    const address = close < 0 ? rest : rest.slice(0, close);
    const query = address.indexOf("?");
    if (
      query >= 0 &&
      address.includes("://") &&
      ["{", "%7b", "<", "[", "$("].some((mark) => address.slice(query).toLowerCase().includes(mark))
    ) {
      return [
        {
          verdict: "fail",
          code: "exfiltration-image",
          detail: "An image whose address asks for data to be filled in",
        },
      ];
    }
  }
  return [];
}

/** An HTML comment or an element made invisible that speaks to a model. */
function comments(text: string): Hidden[] {
  for (let at = text.indexOf("<!--"); at >= 0; at = text.indexOf("<!--", at + 4)) {
    const rest = text.slice(at + 4, at + 604);
    const end = rest.indexOf("-->");
    const words = ` ${(end < 0 ? rest : rest.slice(0, end))
      .toLowerCase()
      .split(/[^a-z0-9\u4e00-\u9fff]+/)
      .join(" ")} `;
    const toModel = [
      " ai ",
      " llm ",
      " llms ",
      " assistant ",
      " language model ",
      " chatbot ",
      " agent ",
      "大模型",
      "人工智能",
    ].some((word) => words.includes(word));
    const orders = [
      " must ",
      " ignore ",
      " always ",
      " never ",
      " instruction",
      " system prompt ",
      " do not ",
      " you should ",
      "必须",
      "忽略",
      "不要",
    ].some((word) => words.includes(word));
    if (toModel && orders)
      return [
        {
          verdict: "fail",
          code: "hidden-instruction",
          detail: "An HTML comment that instructs a model",
        },
      ];
  }
  return [];
}

/** The text without fenced blocks and code spans. One pass over its lines and marks. */
export function outsideCode(text: string): string {
  let inFence = false;
  const kept: string[] = [];
  for (const line of text.split("\n")) {
    if (line.trimStart().startsWith("```") || line.trimStart().startsWith("~~~"))
      inFence = !inFence;
    else if (!inFence)
      kept.push(
        line.includes("`")
          ? line
              .split("`")
              .filter((_, i, parts) => i % 2 === 0 || i === parts.length - 1)
              .join(" ")
          : line,
      );
  }
  // A fence that is never closed would hide the rest of the unit from the rules.
  return inFence ? text : kept.join("\n");
}
