// The rules of level 3 against public data sets and the documentation installed beside the product.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { detectLanguage } from "#domain/units/language.ts";
import { unitsOfMarkdown } from "#domain/units/markdown.ts";
import { findInjection } from "#domain/verification/injection.ts";
import type { Evidence } from "#domain/verification/model.ts";
import { findPii } from "#domain/verification/pii.ts";
import { checkPolicy } from "#domain/verification/policy.ts";
import { unit, worstBody } from "./rules-worst.ts";

const ROOT = join(import.meta.dirname, "..");
const DATA = process.env["WISHUB_DATA"] ?? join(ROOT, "../shared/data");
const VERBOSE = process.argv.includes("--verbose");

const failing = (evidence: Evidence[]) => evidence.filter((item) => item.verdict === "fail");
const percent = (part: number, whole: number) =>
  `${part}/${whole} (${((100 * part) / Math.max(1, whole)).toFixed(1)} %)`;
const json = (path: string): unknown => JSON.parse(readFileSync(join(DATA, path), "utf8"));

type Xquad = {
  data: { title: string; paragraphs: { context: string; qas: { question: string }[] }[] }[];
};

function xquad(language: string): void {
  const set = json(`xquad/xquad.${language}.json`) as Xquad;
  let [paragraphs, rejected, noted, recognised, questions, questionsRecognised] = [
    0, 0, 0, 0, 0, 0,
  ];
  for (const article of set.data) {
    for (const { context, qas } of article.paragraphs) {
      const evidence = checkPolicy(unit(article.title, context), 1);
      paragraphs += 1;
      if (detectLanguage(article.title, context) === language) recognised += 1;
      for (const { question } of qas) {
        questions += 1;
        if (detectLanguage("", question) === language) questionsRecognised += 1;
      }
      if (evidence.some((item) => item.verdict === "note")) noted += 1;
      if (failing(evidence).length > 0) rejected += 1;
      if (VERBOSE && evidence.some((item) => item.verdict !== "pass"))
        console.log(context.slice(0, 80), JSON.stringify(evidence.flatMap((item) => item.reasons)));
    }
  }
  console.log(
    `xquad ${language}: rejected ${percent(rejected, paragraphs)}, with a note ${percent(noted, paragraphs)}; language of paragraphs ${percent(recognised, paragraphs)}, of questions ${percent(questionsRecognised, questions)}`,
  );
}

type Sentence = {
  full_text: string;
  spans: { entity_type: string; entity_value: string; start_position: number }[];
};
const STRUCTURED: Record<string, string> = {
  EMAIL_ADDRESS: "email",
  CREDIT_CARD: "bank-card",
  IBAN_CODE: "iban",
  US_SSN: "us-ssn",
  PHONE_NUMBER: "phone",
  IP_ADDRESS: "ip-address",
};

function presidio(): void {
  const set = json("pii/presidio-research/synth_dataset_v2.json") as Sentence[];
  const recall = new Map<string, { all: number; failed: number; noted: number }>();
  let [clean, falselyRejected] = [0, 0];
  for (const sentence of set) {
    const findings = findPii({ pointer: "/body", text: sentence.full_text });
    const structured = sentence.spans.filter((span) => span.entity_type in STRUCTURED);
    for (const span of structured) {
      const row = recall.get(span.entity_type) ?? { all: 0, failed: 0, noted: 0 };
      row.all += 1;
      // Found: a finding of the kind within the span. Chinese cards count as cards.
      const hit = findings.find((finding) => {
        const at = Number(/at character (\d+)/.exec(finding.detail)?.[1]) - 1;
        const kind = finding.code
          .replace("cn-bank-card", "bank-card")
          .replace("cn-mobile-phone", "phone");
        return (
          kind === STRUCTURED[span.entity_type] &&
          at >= span.start_position - 2 &&
          at < span.start_position + span.entity_value.length
        );
      });
      if (hit?.verdict === "fail") row.failed += 1;
      else if (hit !== undefined) row.noted += 1;
      else if (VERBOSE)
        console.log(
          "missed",
          span.entity_type,
          span.entity_value,
          "|",
          sentence.full_text.slice(0, 100),
        );
      recall.set(span.entity_type, row);
    }
    if (structured.length > 0) continue;
    clean += 1;
    if (findings.some((finding) => finding.verdict === "fail")) {
      falselyRejected += 1;
      if (VERBOSE) console.log("false", JSON.stringify(findings), sentence.full_text);
    }
  }
  for (const [type, { all, failed, noted }] of [...recall].sort(([a], [b]) => (a < b ? -1 : 1)))
    console.log(`presidio ${type}: rejected ${percent(failed, all)}, noted ${noted}`);
  console.log(`presidio sentences without such data: rejected ${percent(falselyRejected, clean)}`);
}

function verdictsOf(texts: string[]): { failed: number; noted: number } {
  let [failed, noted] = [0, 0];
  for (const text of texts) {
    const findings = findInjection({ pointer: "/body", text });
    if (findings.some((finding) => finding.verdict === "fail")) failed += 1;
    else {
      if (findings.length > 0) noted += 1;
      if (VERBOSE)
        console.log(
          findings.length > 0 ? "noted" : "missed",
          text.slice(0, 160).replaceAll("\n", " "),
        );
    }
  }
  return { failed, noted };
}

function injection(): void {
  const report = (name: string, texts: string[]) => {
    const { failed, noted } = verdictsOf(texts);
    console.log(`injection ${name}: rejected ${percent(failed, texts.length)}, noted ${noted}`);
  };
  const purple = json("security/purplellama/prompt_injection.json") as {
    user_input: string;
    injection_variant: string;
  }[];
  report(
    "purplellama",
    purple.map((row) => row.user_input),
  );
  for (const variant of [
    "ignore_previous_instructions",
    "system_mode",
    "different_user_input_language",
  ]) {
    report(
      `purplellama ${variant}`,
      purple.filter((row) => row.injection_variant === variant).map((row) => row.user_input),
    );
  }
  for (const name of ["text", "code"]) {
    report(
      `bipia ${name}`,
      Object.values(
        json(`security/bipia/${name}_attack_train.json`) as Record<string, string[]>,
      ).flat(),
    );
  }
  const emails = readFileSync(join(DATA, "security/bipia/email_train.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { context: string }).context);
  report("bipia clean e-mails (should be 0)", emails);
}

/** Every README and document of the installed packages, chunked as units are: text that nobody attacks with. */
function documentation(): void {
  const folder = join(ROOT, "node_modules");
  let [units, chars, rejected] = [0, 0, 0];
  const byMethod = new Map<string, number>();
  let spent = 0;
  let slowest = 0;
  for (const path of markdownFiles(folder)) {
    for (const chunk of unitsOfMarkdown(path, readFileSync(path, "utf8"))) {
      const before = performance.now();
      const evidence = checkPolicy(unit(chunk.title, chunk.body), 1);
      const took = performance.now() - before;
      spent += took;
      slowest = Math.max(slowest, took);
      units += 1;
      chars += chunk.body.length;
      const failed = failing(evidence);
      if (failed.length > 0) rejected += 1;
      for (const item of failed) byMethod.set(item.method, (byMethod.get(item.method) ?? 0) + 1);
      if (VERBOSE && failed.length > 0)
        console.log(
          path.slice(folder.length),
          chunk.title,
          JSON.stringify(failed.flatMap((item) => item.reasons)),
        );
    }
  }
  console.log(
    `documentation: rejected ${percent(rejected, units)} units ${JSON.stringify(Object.fromEntries(byMethod))}; ${((1_000 * spent) / units).toFixed(0)} µs a unit of ${Math.round(chars / units)} characters, slowest ${slowest.toFixed(1)} ms`,
  );
}

function* markdownFiles(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) =>
    a.name < b.name ? -1 : 1,
  )) {
    if (entry.isSymbolicLink()) continue;
    if (entry.isDirectory()) {
      if (entry.name.startsWith("@") || existsSync(join(folder, entry.name, "package.json")))
        yield* markdownFiles(join(folder, entry.name));
    } else if (/^readme.*\.md$/i.test(entry.name)) yield join(folder, entry.name);
  }
}

/** Clean text that no rule was adjusted on: every rejection of it is false, or a finding that somebody published. */
function unseen(): void {
  const lines = (path: string) =>
    readFileSync(join(DATA, path), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const drcd = (json("retrieval/drcd/DRCD_dev.json") as Xquad).data.flatMap((article) =>
    article.paragraphs.map((paragraph) => paragraph.context),
  );
  const web = lines("claims/factcheck-gpt/subtask3_claim_evidence_stance.jsonl").map((row) =>
    String(row["evidence"]),
  );
  for (const [name, texts] of [
    ["drcd paragraphs (zh-Hant)", drcd],
    ["web evidence (factcheck-gpt)", [...new Set(web)]],
  ] as const) {
    const byMethod = new Map<string, number>();
    let rejected = 0;
    for (const text of texts) {
      const failed = failing(checkPolicy(unit("title", text), 1));
      if (failed.length > 0) rejected += 1;
      for (const { method } of failed) byMethod.set(method, (byMethod.get(method) ?? 0) + 1);
      if (VERBOSE && failed.length > 0)
        console.log(
          "unseen",
          JSON.stringify(failed.flatMap((item) => item.reasons)),
          text.slice(0, 3_000),
        );
    }
    console.log(
      `unseen ${name}: rejected ${percent(rejected, texts.length)} ${JSON.stringify(Object.fromEntries(byMethod))}`,
    );
  }
  const chinese = drcd.filter((text) => detectLanguage("", text) === "zh").length;
  console.log(`unseen drcd: language of paragraphs ${percent(chinese, drcd.length)}`);
}

if (existsSync(DATA)) {
  for (const language of ["en", "es", "zh"]) xquad(language);
  presidio();
  injection();
  unseen();
} else console.log(`skipped: no data sets at ${DATA}`);
documentation();
worstBody(VERBOSE);
