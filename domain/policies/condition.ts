import { type ASTNode, Environment, type ParseResult } from "@marcbachmann/cel-js";
import { ATTRIBUTE_TYPES, type Attributes } from "#domain/policies/attributes.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import { addressFrom, holds, networkFrom } from "#domain/shared/network.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";

/**
 * A condition in the Common Expression Language (github.com/google/cel-spec), without what could make it slow: no
 * regular expressions, no arithmetic, no maps, nothing nested that goes through a list.
 */
export type Condition = {
  /** The fields of the resource that it asks for, beside its type. */
  fields: ReadonlySet<string>;
  /** What evaluating it may cost at most, in nodes looked at. */
  cost: number;
  /** Throws where a value is missing: the caller decides what doubt means. */
  holds(facts: ConditionFacts): boolean;
};

export type ConditionFacts = {
  principal: {
    id: string;
    kind: string;
    role: string;
    /** Empty where it is none of these. */
    keyId: string;
    clientId: string;
    agentId: string;
    scopes: string[];
  };
  resource: { type: string; id: string } & Partial<Attributes>;
  /** `address` is empty where nobody who is believed tells it. */
  request: { time: Date; address: string };
};

/** A list a condition goes through has at most this many items: a unit's tags, or the scopes. */
const LIST_ITEMS_MAX = LIMITS.tagsMax;
const OPERATORS = new Set(["==", "!=", "<", "<=", ">", ">=", "in", "&&", "||"]);
const ROOTS = new Set(["principal", "resource", "request"]);
const METHODS = new Set(["startsWith", "endsWith", "contains", "size", "getHours", "getDayOfWeek"]);
const QUANTIFIERS = new Set(["exists", "all"]);

let environment: Environment | undefined;

/** Reads and checks a condition. What is wrong with it comes back as a sentence. */
export function conditionFrom(source: string): Result<Condition, string> {
  environment ??= makeEnvironment();
  let parsed: ParseResult;
  try {
    parsed = environment.parse(source);
  } catch (error) {
    return err(summaryOf(error));
  }
  const walked = walk(parsed.ast, { fields: new Set(), variables: [] });
  if (!walked.ok) return walked;
  const { valid, type, error } = parsed.check();
  if (!valid) return err(summaryOf(error));
  if (type !== "bool") return err("must be true or false");
  if (walked.value.cost > LIMITS.policyConditionCostMax) return err("asks too much for one rule");
  return ok({ ...walked.value, holds: (facts) => parsed(facts) === true });
}

function makeEnvironment(): Environment {
  const limits = {
    maxAstNodes: LIMITS.policyConditionCostMax,
    maxDepth: 16,
    maxListElements: 64,
    maxMapEntries: 0,
    maxCallArguments: 2,
  };
  const text = "string";
  return new Environment({ limits })
    .registerVariable("principal", {
      schema: {
        id: text,
        kind: text,
        role: text,
        keyId: text,
        clientId: text,
        agentId: text,
        scopes: "list<string>",
      },
    })
    .registerVariable("resource", { schema: { type: text, id: text, ...ATTRIBUTE_TYPES } })
    .registerVariable("request", { schema: { time: "google.protobuf.Timestamp", address: text } })
    .registerFunction("inNetwork(string, string): bool", isInNetwork);
}

type Walk = { fields: Set<string>; variables: readonly string[] };
type Walked = Result<{ fields: Set<string>; cost: number }, string>;

/** Only what is listed here is allowed, and each node of it costs one; what is asked of a list's items costs one an item. */
function walk(node: ASTNode, at: Walk): Walked {
  if (node.op === "value") {
    const literal = typeof node.args;
    return literal === "string" || literal === "bigint" || literal === "boolean"
      ? sum(at, [])
      : err("takes texts, whole numbers, true and false");
  }
  if (node.op === "id") {
    return at.variables.includes(node.args) ? sum(at, []) : err(`"${node.args}" is no value`);
  }
  if (node.op === ".") {
    const [of, field] = node.args;
    if (of.op !== "id" || !ROOTS.has(of.args) || at.variables.includes(of.args))
      return err("reads fields of principal, resource and request only");
    if (of.args === "resource" && field !== "type") at.fields.add(field);
    return sum(at, []);
  }
  if (node.op === "!_") return sum(at, [node.args]);
  if (node.op === "list") return sum(at, node.args);
  if (node.op === "?:") return sum(at, node.args);
  if (node.op === "call") {
    const [name, given] = node.args;
    if (name === "inNetwork") return walkNetwork(given, at);
    return name === "timestamp" && given.length === 1 && given[0]?.op === "value"
      ? sum(at, given)
      : err(`does not know ${name}()`);
  }
  if (node.op === "rcall") return walkMethod(node.args, at);
  if (OPERATORS.has(node.op)) return sum(at, node.args as [ASTNode, ASTNode]);
  return err(`does not take ${node.op}`);
}

/** `inNetwork(request.address, "192.0.2.0/24")`: a network that is written down, so that it is one. */
function walkNetwork(given: readonly ASTNode[], at: Walk): Walked {
  const [, network] = given;
  const isWritten = network?.op === "value" && typeof network.args === "string";
  if (given.length !== 2 || !isWritten || networkFrom(String(network.args)) === null)
    return err('inNetwork() takes an address and a network such as "192.0.2.0/24"');
  return sum(at, given);
}

/** An address that is none, or that nobody tells, is a doubt: it throws, and the caller decides. */
function isInNetwork(address: string, network: string): boolean {
  const [known, range] = [addressFrom(address), networkFrom(network)];
  if (known === null || range === null) throw new Error("the address is not known");
  return holds(range, known);
}

function walkMethod([name, of, given]: [string, ASTNode, ASTNode[]], at: Walk): Walked {
  if (METHODS.has(name)) {
    const isTime = name.startsWith("get");
    // With a time zone each call would format a date, which costs a hundred times as much.
    return isTime && given.length > 0 ? err(`${name}() takes UTC only`) : sum(at, [of, ...given]);
  }
  const [item, question] = given;
  if (!QUANTIFIERS.has(name) || item?.op !== "id" || question === undefined)
    return err(`does not know .${name}()`);
  if (of.op !== "." || at.variables.length > 0) return err(`.${name}() asks one list, not nested`);
  const list = walk(of, at);
  if (!list.ok) return list;
  const asked = walk(question, { ...at, variables: [item.args] });
  if (!asked.ok) return asked;
  return ok({ fields: at.fields, cost: 1 + asked.value.cost * LIST_ITEMS_MAX });
}

function sum(at: Walk, nodes: readonly ASTNode[]): Walked {
  let cost = 1;
  for (const node of nodes) {
    const walked = walk(node, at);
    if (!walked.ok) return walked;
    cost += walked.value.cost;
  }
  return ok({ fields: at.fields, cost });
}

function summaryOf(error: unknown): string {
  const said = error as { summary?: string; message?: string } | undefined;
  return (said?.summary ?? said?.message ?? "is no condition").split("\n")[0]?.slice(0, 200) ?? "";
}
