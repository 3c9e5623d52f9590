import {
  type Cell,
  cellFrom,
  type CellRow,
  cellRow,
  emptyCell,
  mergeCell,
} from "#domain/metrics/cell.ts";
import type { PointRow } from "#domain/metrics/gathering.ts";
import {
  baseOf,
  CELLS_MAX,
  COUNTS_MAX,
  type Keeping,
  NUMBERS_MAX,
  type Step,
  STEPS,
} from "#domain/metrics/keeping.ts";
import { ACCOUNT_LABEL, type Labels, type MetricName } from "#domain/metrics/names.ts";
import { hasLabels, seriesFrom, type Series } from "#domain/metrics/series.ts";
import { isPrompt as isPromptRoute } from "#domain/metrics/waiting.ts";

/** A series of which nothing was seen for so long makes room. */
const SILENT_MS = 86_400_000;
/** Cells of single seconds in memory, some 20 MB; the oldest seconds go first. */
const SECONDS_CELLS_MAX = 50_000;
/** What comes later than this, or is from the future by more than that, is not counted. */
const LATE_MS = 3_600_000;
const EARLY_MS = 60_000;
/** How long a stretch that is over stays in memory for what comes late. */
const LINGER_MS = 120_000;
const BLOCK = 64;

/** Some series of one stretch as they are stored: a line each. `step` 0: since they began, `startMs` being 0. */
export type BlockKey = { step: Step | 0; startMs: number; block: number };
export type StoredBlock = BlockKey & { text: string };
type Block = { cells: Map<number, Cell>; isDirty: boolean };
type Window = { step: Step | 0; startMs: number; blocks: Map<number, Block> };
type Known = Series & { key: string; seenMs: number };

export type Asked = {
  name: MetricName;
  /** Series with all of these. */
  labels: Labels;
  /** One group for each combination of these labels' values. */
  by: readonly string[];
  fromMs: number;
  toMs: number;
  stepMs: number;
  /** How much and how often, not how it is distributed: many series over a long time fit one answer so. */
  isCount?: boolean;
  /** Of routes only those whose time the platform alone decides (waiting.ts). */
  isPrompt?: boolean;
};
export type GroupRow = { labels: Record<string, string>; points: [atMs: number, cell: CellRow][] };
export type TotalRow = [key: string, cell: CellRow, ageMs: number];

type Needs = {
  series: Iterable<readonly [id: number, key: string]>;
  /** The next series' number; none is ever given twice. */
  nextId: number;
  keeping: Keeping;
  read(key: BlockKey): string | null;
};

const blockOf = (id: number): number => Math.floor(id / BLOCK);

/** The series of one object by second, minute and hour. It reads no clock and writes nothing: `changed` says what is to be written. */
export class Rollups {
  readonly #read: Needs["read"];
  readonly #keeping: Keeping;
  readonly #known = new Map<number, Known>();
  readonly #ids = new Map<string, number>();
  readonly #ofAccounts = new Map<string, Set<number>>();
  readonly #windows = new Map<string, Window>();
  readonly #totals: Window = { step: 0, startMs: 0, blocks: new Map() };
  #secondsCells = 0;
  #forgotMs = -Infinity;
  nextId: number;

  constructor({ series, nextId, keeping, read }: Needs, nowMs: number) {
    this.#read = read;
    this.#keeping = keeping;
    this.nextId = nextId;
    for (const [id, key] of series) this.#learn(id, key, nowMs);
  }

  /** Counts points; answers the series it had not known, and how many points it could not take. */
  take(points: readonly PointRow[], nowMs: number) {
    const added: [id: number, key: string][] = [];
    const forgotten: number[] = [];
    let dropped = 0;
    for (const [key, second, row] of points) {
      const cell = cellFrom(row);
      const atMs = second * 1_000;
      const isInTime = atMs > nowMs - LATE_MS && atMs < nowMs + EARLY_MS;
      const id = cell === null || !isInTime ? null : this.#idOf(key, nowMs, added, forgotten);
      if (cell === null || id === null) dropped++;
      else this.#count(id, atMs, cell, nowMs);
    }
    return { added, forgotten, dropped };
  }

  #idOf(key: string, nowMs: number, added: [number, string][], forgotten: number[]): number | null {
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const { seriesMax } = this.#keeping;
    if (this.#ids.size >= seriesMax) forgotten.push(...this.#forget(nowMs));
    if (this.#ids.size >= seriesMax) return null;
    const id = this.nextId;
    if (!this.#learn(id, key, nowMs)) return null;
    this.nextId++;
    added.push([id, key]);
    return id;
  }

  #learn(id: number, key: string, nowMs: number): boolean {
    const series = seriesFrom(key);
    if (series === null) return false;
    this.#ids.set(key, id);
    this.#known.set(id, { ...series, key, seenMs: nowMs });
    const accountId = series.labels[ACCOUNT_LABEL];
    if (accountId === undefined) return true;
    const its = this.#ofAccounts.get(accountId);
    if (its === undefined) this.#ofAccounts.set(accountId, new Set([id]));
    else its.add(id);
    return true;
  }

  #forget(nowMs: number): number[] {
    if (nowMs - this.#forgotMs < EARLY_MS) return [];
    this.#forgotMs = nowMs;
    const silent = [...this.#known]
      .filter(([, { seenMs }]) => nowMs - seenMs > SILENT_MS)
      .map(([id]) => id);
    for (const id of silent) this.#drop(id);
    return silent;
  }

  #drop(id: number): void {
    const known = this.#known.get(id);
    if (known === undefined) return;
    this.#known.delete(id);
    this.#ids.delete(known.key);
    this.#totals.blocks.get(blockOf(id))?.cells.delete(id);
    const accountId = known.labels[ACCOUNT_LABEL] ?? "";
    const its = this.#ofAccounts.get(accountId);
    its?.delete(id);
    if (its?.size === 0) this.#ofAccounts.delete(accountId);
  }

  /** Forgets what series there are of an account, and answers which: what was seen of them says no more whose it was. */
  forgetAccount(accountId: string): number[] {
    const its = [...(this.#ofAccounts.get(accountId) ?? [])];
    for (const id of its) this.#drop(id);
    return its;
  }

  /** Whether anything was seen of an account in the minutes since then. */
  hasSeen(accountId: string, sinceMs: number, nowMs: number): boolean {
    const its = [...(this.#ofAccounts.get(accountId) ?? [])];
    for (let startMs = sinceMs - (sinceMs % 60_000); startMs <= nowMs; startMs += 60_000)
      if (its.some((id) => this.#cells(60_000, startMs, blockOf(id)).has(id))) return true;
    return false;
  }

  #count(id: number, atMs: number, cell: Cell, nowMs: number): void {
    const known = this.#known.get(id);
    if (known !== undefined) known.seenMs = nowMs;
    const { keptMs, hasTotals } = this.#keeping;
    if (hasTotals) this.#add(this.#totals, id, cell);
    for (const step of STEPS) {
      if (keptMs[step] === 0 || (step === 1_000 && atMs < nowMs - keptMs[step])) continue;
      const startMs = atMs - (atMs % step);
      const name = `${step} ${startMs}`;
      let window = this.#windows.get(name);
      if (window === undefined) {
        window = { step, startMs, blocks: new Map() };
        this.#windows.set(name, window);
      }
      this.#add(window, id, cell);
    }
  }

  #add(window: Window, id: number, cell: Cell): void {
    const block = this.#block(window, blockOf(id));
    let into = block.cells.get(id);
    if (into === undefined) {
      into = emptyCell(cell.sketch !== null);
      block.cells.set(id, into);
      if (window.step === 1_000) this.#secondsCells++;
    }
    mergeCell(into, cell);
    block.isDirty = true;
  }

  #block({ step, startMs, blocks }: Window, block: number): Block {
    let found = blocks.get(block);
    if (found === undefined) {
      const text = step === 1_000 ? null : this.#read({ step, startMs, block });
      found = { cells: text === null ? new Map() : cellsIn(text), isDirty: false };
      blocks.set(block, found);
    }
    return found;
  }

  /** What is to be written, once; then it forgets what is over. `all`: of seconds nothing, of the rest what changed. */
  changed(nowMs: number): StoredBlock[] {
    const written: StoredBlock[] = [];
    for (const window of [this.#totals, ...this.#windows.values()]) {
      const { step, startMs, blocks } = window;
      if (step === 1_000) continue;
      for (const [block, one] of blocks) {
        if (!one.isDirty) continue;
        one.isDirty = false;
        written.push({ step, startMs, block, text: textOf(one.cells) });
      }
    }
    this.#tidy(nowMs);
    return written;
  }

  #tidy(nowMs: number): void {
    const windows = [...this.#windows].sort(([, a], [, b]) => a.startMs - b.startMs);
    for (const [name, { step, startMs, blocks }] of windows) {
      const isOver =
        step === 1_000
          ? startMs < nowMs - this.#keeping.keptMs[step] || this.#secondsCells > SECONDS_CELLS_MAX
          : startMs + step < nowMs - LINGER_MS && [...blocks.values()].every((b) => !b.isDirty);
      if (!isOver) continue;
      this.#windows.delete(name);
      if (step !== 1_000) continue;
      for (const { cells } of blocks.values()) this.#secondsCells -= cells.size;
    }
  }

  get isDirty(): boolean {
    for (const { step, blocks } of this.#windows.values())
      if (step !== 1_000) for (const { isDirty } of blocks.values()) if (isDirty) return true;
    return false;
  }

  /** Every series since it began. Whoever shows it writes `changed` first, so that no counter is seen to fall. */
  totals(nowMs: number): TotalRow[] {
    return [...this.#known].flatMap(([id, { key, seenMs }]): TotalRow[] => {
      const cell = this.#block(this.#totals, blockOf(id)).cells.get(id);
      return cell === undefined ? [] : [[key, cellRow(cell), nowMs - seenMs]];
    });
  }

  /**
   * What was seen in each step from `fromMs` up to `toMs`, by group; steps in which nothing was are left out. Null where
   * that is more than one answer holds.
   */
  groups(asked: Asked): GroupRow[] | null {
    const { name, labels, by, fromMs, toMs, stepMs, isCount = false, isPrompt = false } = asked;
    const base = baseOf(stepMs);
    const wanted = this.#among(labels).filter(
      ([, one]) =>
        one.name === name &&
        hasLabels(one, labels) &&
        (!isPrompt || isPromptRoute(one.labels["route"] ?? "")),
    );
    let left = isCount ? COUNTS_MAX : CELLS_MAX;
    const byBlock = Map.groupBy(wanted, ([id]) => blockOf(id));
    const groups = new Map<string, { labels: Record<string, string>; steps: Map<number, Cell> }>();
    for (let startMs = fromMs - (fromMs % stepMs); startMs < toMs; startMs += stepMs)
      for (const [block, series] of byBlock) {
        const seen = this.#seen(base, startMs, Math.min(startMs + stepMs, toMs), block);
        for (const [id, one] of series) {
          const cell = seen.get(id);
          if (cell === undefined) continue;
          const shown = Object.fromEntries(by.map((label) => [label, one.labels[label] ?? ""]));
          const text = JSON.stringify(shown);
          let group = groups.get(text);
          if (group === undefined) groups.set(text, (group = { labels: shown, steps: new Map() }));
          if (!group.steps.has(startMs) && left-- === 0) return null;
          join(group.steps, startMs, isCount ? { ...cell, sketch: null } : cell);
        }
      }
    let numbers = 0;
    const rows = [...groups.values()].map(({ labels: shown, steps }): GroupRow => ({
      labels: shown,
      points: [...steps].map(([atMs, cell]) => {
        const row = cellRow(cell);
        numbers += row.length;
        return [atMs, row];
      }),
    }));
    return numbers > NUMBERS_MAX ? null : rows;
  }

  /** All series that may have these labels. */
  #among(labels: Labels): [id: number, Known][] {
    const accountId = labels[ACCOUNT_LABEL];
    if (accountId === undefined) return [...this.#known];
    const its = [...(this.#ofAccounts.get(accountId) ?? [])];
    return its.flatMap((id): [number, Known][] => {
      const known = this.#known.get(id);
      return known === undefined ? [] : [[id, known]];
    });
  }

  /** The cells of a block in one step, merged over the kept steps that it is made of. */
  #seen(base: Step, fromMs: number, toMs: number, block: number): Map<number, Cell> {
    const merged = new Map<number, Cell>();
    for (let startMs = fromMs; startMs < toMs; startMs += base)
      for (const [id, cell] of this.#cells(base, startMs, block)) {
        const into = merged.get(id) ?? emptyCell(cell.sketch !== null);
        mergeCell(into, cell);
        merged.set(id, into);
      }
    return merged;
  }

  #cells(step: Step, startMs: number, block: number): Map<number, Cell> {
    const here = this.#windows.get(`${step} ${startMs}`)?.blocks.get(block);
    if (here !== undefined) return here.cells;
    const text = step === 1_000 ? null : this.#read({ step, startMs, block });
    return text === null ? new Map() : cellsIn(text);
  }
}

/** Adds another series' cell to a group's step: what they have now does not add up, so the largest is shown. */
export function join(steps: Map<number, Cell>, atMs: number, cell: Cell): void {
  const into = steps.get(atMs) ?? emptyCell(cell.sketch !== null);
  const { last, count } = into;
  mergeCell(into, cell);
  if (count > 0) into.last = Math.max(last, cell.last);
  steps.set(atMs, into);
}

const textOf = (cells: Map<number, Cell>): string =>
  [...cells].map(([id, cell]) => `${id} ${JSON.stringify(cellRow(cell))}`).join("\n");

function cellsIn(text: string): Map<number, Cell> {
  const cells = new Map<number, Cell>();
  for (const line of text.split("\n")) {
    const space = line.indexOf(" ");
    const cell = space === -1 ? null : cellFrom(JSON.parse(line.slice(space + 1)));
    if (cell !== null) cells.set(Number(line.slice(0, space)), cell);
  }
  return cells;
}
