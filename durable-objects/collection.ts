import { DurableObject } from "cloudflare:workers";
import { collectionStore } from "#db/catalog/collections.ts";
import { reembedding } from "#db/units/reembed.ts";
import { unitsDb, unitShardsIn } from "#db/units/shards.ts";
import { migrate } from "#objects/migrate.ts";

const STEPS = [
  `CREATE TABLE move (
     id INTEGER PRIMARY KEY CHECK (id = 1), owner TEXT NOT NULL, target TEXT NOT NULL, shard INTEGER NOT NULL,
     after_id TEXT NOT NULL, queued INTEGER NOT NULL, begun_at_ms INTEGER NOT NULL
   ) STRICT`,
];

/** Longer than any isolate believes the space it read, so every writer writes both spaces before the copy begins. */
const SETTLE_MS = 10_000;
const NEXT_PAGE_MS = 1_000;
const UNITS_PER_PAGE = 200;
/** Pages wait while this much of the collection is still being embedded. */
const BACKLOG_MAX = 1_000;

type Move = {
  owner: string;
  target: string;
  shard: number;
  after_id: string;
  queued: number;
  begun_at_ms: number;
};

/**
 * Moves one collection to another embedding space: pages through its searchable units, queues each for embedding in
 * the new space, and switches reading over once none is left. A journal moved by alarms; killed anywhere it goes on.
 * Named by the collection's owner.
 */
export class Collection extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrate(ctx.storage, STEPS);
  }

  async beginMove(owner: string, target: string): Promise<void> {
    this.ctx.storage.sql.exec(
      `INSERT INTO move VALUES (1, ?, ?, 0, '', 0, ?)
       ON CONFLICT DO UPDATE SET target = excluded.target, shard = 0, after_id = '', queued = 0,
         begun_at_ms = excluded.begun_at_ms WHERE target <> excluded.target`,
      owner,
      target,
      Date.now(),
    );
    await this.ctx.storage.setAlarm(Date.now() + SETTLE_MS);
  }

  /** How many units were queued for the new space so far; null when nothing moves. */
  progress(): { target: string; queued: number } | null {
    const move = this.#move();
    return move === null ? null : { target: move.target, queued: move.queued };
  }

  override async alarm(): Promise<void> {
    const move = this.#move();
    if (move === null) return;
    await this.ctx.storage.setAlarm(Date.now() + NEXT_PAGE_MS);
    const shards = unitShardsIn(this.env);
    const work = reembedding(
      shards.map(({ database }) => unitsDb(database)),
      move.owner,
    );
    if ((await work.backlog(BACKLOG_MAX)) >= BACKLOG_MAX) return;

    const next = shards[move.shard];
    if (next !== undefined) {
      await this.env.RELAY.getByName(next.name).arm(next.name);
      const page = await work.queuePage(move.shard, move.after_id, UNITS_PER_PAGE, Date.now());
      this.ctx.storage.sql.exec(
        "UPDATE move SET shard = shard + ?, after_id = ?, queued = queued + ? WHERE target = ?",
        page.lastId === null ? 1 : 0,
        page.lastId ?? "",
        page.queued,
        move.target,
      );
      return;
    }
    if ((await work.backlog(1)) > 0) return;
    await collectionStore(this.env.CATALOG_0).finishMove(move.owner, move.target, Date.now());
    this.ctx.storage.sql.exec("DELETE FROM move WHERE target = ?", move.target);
    await this.ctx.storage.deleteAlarm();
  }

  #move(): Move | null {
    return this.ctx.storage.sql.exec<Move>("SELECT * FROM move").toArray()[0] ?? null;
  }
}
