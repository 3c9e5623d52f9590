import type { TopicName } from "#domain/topics/topics.ts";
import { laneFrom } from "#domain/webhooks/events.ts";

/** How far each partition is done: the last offset of which nothing more is to become. */
export const LANE_STEP = `CREATE TABLE hook_lane (name TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT, WITHOUT ROWID`;

export class Positions {
  readonly #sql: SqlStorage;

  constructor({ sql }: DurableObjectStorage) {
    this.#sql = sql;
  }

  all(): Map<string, number> {
    const rows = this.#sql.exec<{ name: string; position: number }>(
      "SELECT name, position FROM hook_lane",
    );
    return new Map(rows.toArray().map(({ name, position }) => [name, position]));
  }

  put(name: string, position: number): void {
    this.#sql.exec(
      "INSERT INTO hook_lane VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET position = excluded.position",
      name,
      position,
    );
  }

  /** Forgets topics that it reads no more, and answers what they were. */
  drop(topics: readonly TopicName[]): string[] {
    const gone = [...this.all().keys()].filter((name) => {
      const lane = laneFrom(name);
      return lane === null || !topics.includes(lane.topic);
    });
    for (const name of gone) this.#sql.exec("DELETE FROM hook_lane WHERE name = ?", name);
    return gone;
  }
}
