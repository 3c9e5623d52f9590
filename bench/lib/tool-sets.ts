import { readFileSync } from "node:fs";
import { dataFile } from "./data.ts";

/** A task in words, and by name which tools are right for it. */
export type ToolQuery = { task: string; right: string[] };
export type ToolCard = { name: string; description: string };

/** MetaTool: 20,614 queries for one of 199 tools, and 497 for two of them at once. */
export function toolTasks(): {
  cards: ToolCard[];
  tasks: ToolQuery[];
  pairs: ToolQuery[];
} | null {
  const [described, asked, both] = [
    dataFile("tools", "metatool", "plugin_des.json"),
    dataFile("tools", "metatool", "all_clean_data.csv"),
    dataFile("tools", "metatool", "multi_tool_query_golden.json"),
  ];
  if (described === null || asked === null || both === null) return null;
  const descriptions = JSON.parse(readFileSync(described, "utf8")) as Record<string, string>;
  const pairs = JSON.parse(readFileSync(both, "utf8")) as { query: string; tool: string[] }[];
  const [, ...rows] = csvRows(readFileSync(asked, "utf8"));
  return {
    cards: Object.entries(descriptions).map(([name, description]) => ({ name, description })),
    tasks: rows.flatMap(([task = "", tool = ""]) =>
      tool === "" ? [] : [{ task: task.slice(0, 2_000), right: [tool] }],
    ),
    pairs: pairs.map(({ query, tool }) => ({ task: query, right: tool })),
  };
}

/** A registry of tool servers: each tool's own description is a task for the server that has it, whose card does not name it. */
export function toolServers(): { cards: ToolCard[]; tasks: ToolQuery[] } | null {
  const file = dataFile("registries", "docker-mcp", "servers.jsonl");
  if (file === null) return null;
  const servers = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map(
      (line) =>
        JSON.parse(line) as {
          id: string;
          title?: string;
          description?: string;
          tools: { description?: string }[];
        },
    );
  return {
    cards: servers.map(({ id, title = id, description = title }) => ({
      name: serverName(id),
      description: `${title}\n${description}`.slice(0, 2_000),
    })),
    tasks: servers.flatMap(({ id, tools }) =>
      tools.flatMap(({ description = "" }) =>
        description.trim() === ""
          ? []
          : [{ task: description.slice(0, 2_000), right: [serverName(id)] }],
      ),
    ),
  };
}

/** Some are called like a tool of the other set, and an account's agents have names of their own. */
const serverName = (id: string): string => `${id} server`;

/** RFC 4180. */
function csvRows(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gy;
  for (let match = cell.exec(text); match !== null && match[0] !== ""; match = cell.exec(text)) {
    row.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? "");
    if (match[3] === ",") continue;
    rows.push(row);
    row = [];
  }
  return rows;
}
