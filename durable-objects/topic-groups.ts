import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import {
  type Commit,
  commit,
  type Group,
  heard,
  join,
  leave,
  type Parents,
  newGroup,
  withoutSilent,
} from "#domain/topics/groups.ts";
import { CROWDED, TopicWaiters, type Waited } from "#objects/topic-waiters.ts";

/** `state`: a `Group`, written when somebody comes, goes or moves on, and not when they only say that they are there. */
export const GROUP_STEP =
  "CREATE TABLE reader_group (name TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT, WITHOUT ROWID";

export type Joining = { id: string; sessionMs: number };
export type Standing = { id: string; generation: number };
/** What a member is told: what is its own to read, and how far the group is in it. */
export type Assigned = {
  generation: number;
  partitions: { partition: number; committed: number }[];
};
export type GroupView = { name: string; generation: number; members: number; committed: number[] };

type Needs = {
  sql: SqlStorage;
  /** Brings the tables, which there are not before somebody needs them. */
  make(): void;
  isMade(): boolean;
  parents(): Parents;
};

/** The groups that read a topic, kept by its first partition. */
export class TopicGroups {
  readonly #needs: Needs;
  readonly #known = new Map<string, Group>();
  /** Members that have nothing to read. */
  readonly #idle = new TopicWaiters(LIMITS.groupsPerTopicMax * LIMITS.groupMembersMax);

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Null where there is no such group, and nobody has said where a new one begins. */
  join(
    name: string,
    member: Joining,
    begins: number[] | null,
    nowMs: number,
  ): Result<Assigned, Problem<"too-many-requests">> | null {
    const known = this.#group(name) ?? (begins && newGroup(begins));
    if (known === null) return null;
    if (this.#group(name) === null && this.#count() >= LIMITS.groupsPerTopicMax) {
      const detail = `a topic has at most ${LIMITS.groupsPerTopicMax} groups`;
      return err({ code: "too-many-requests", detail, retryAfterS: 60 });
    }
    return this.#told(name, join(known, member, this.#needs.parents(), nowMs), member.id);
  }

  heard(
    name: string,
    member: Standing,
    nowMs: number,
  ): Result<Assigned, Problem<"group-rebalanced">> {
    const known = this.#group(name);
    if (known === null) return err({ code: "group-rebalanced" });
    return this.#told(name, heard(known, member, this.#needs.parents(), nowMs), member.id);
  }

  /** The same; who has nothing to read is answered after that time, or when partitions are given out anew. */
  async heardWithin(
    name: string,
    member: Standing,
    waitMs: number,
  ): Promise<Result<Assigned, Problem<"group-rebalanced" | "too-many-requests">>> {
    const endMs = Date.now() + waitMs;
    for (let how: Waited = waitMs > 0 ? "woken" : "over"; ;) {
      const known = this.heard(name, member, Date.now());
      if (!known.ok || known.value.partitions.length > 0 || how !== "woken") return known;
      how = await this.#idle.wait(endMs - Date.now(), `${name} ${member.id}`);
      if (how === "full") return CROWDED;
    }
  }

  commit(
    name: string,
    member: Standing,
    offsets: Commit[],
    nowMs: number,
  ): Result<Assigned, Problem<"group-rebalanced">> {
    const known = this.#group(name);
    if (known === null) return err({ code: "group-rebalanced" });
    const moved = commit(known, { ...member, offsets }, this.#needs.parents(), nowMs);
    return this.#told(name, moved, member.id);
  }

  leave(name: string, id: string, nowMs: number): void {
    const known = this.#group(name);
    if (known !== null) this.#keep(name, leave(known, id, this.#needs.parents(), nowMs));
  }

  /** Whether there was one. */
  remove(name: string): boolean {
    if (this.#group(name) === null) return false;
    this.#known.delete(name);
    this.#needs.sql.exec("DELETE FROM reader_group WHERE name = ?", name);
    this.#idle.wakeAll();
    return true;
  }

  list(nowMs: number): GroupView[] {
    if (!this.#needs.isMade()) return [];
    return this.#needs.sql
      .exec<{ name: string }>("SELECT name FROM reader_group ORDER BY name")
      .toArray()
      .flatMap(({ name }) => {
        const group = this.#group(name);
        if (group === null) return [];
        const { generation, committed, members } = withoutSilent(group, nowMs);
        return [{ name, generation, committed, members: members.length }];
      });
  }

  #told<E extends Problem>(
    name: string,
    changed: Result<Group, E>,
    id: string,
  ): Result<Assigned, E> {
    if (!changed.ok) return changed;
    this.#keep(name, changed.value);
    const { generation, members, committed } = changed.value;
    const own = members.find((one) => one.id === id)?.partitions ?? [];
    return ok({
      generation,
      partitions: own.map((partition) => ({ partition, committed: committed[partition] ?? 0 })),
    });
  }

  #keep(name: string, group: Group): void {
    const before = this.#known.get(name);
    this.#known.set(name, group);
    if (before !== undefined && lasting(before) === lasting(group)) return;
    this.#needs.make();
    this.#needs.sql.exec(
      "INSERT OR REPLACE INTO reader_group VALUES (?, ?)",
      name,
      JSON.stringify(group),
    );
    if (before?.generation !== group.generation) this.#idle.wakeAll();
  }

  #group(name: string): Group | null {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    if (!this.#needs.isMade()) return null;
    const row = this.#needs.sql
      .exec<{ state: string }>("SELECT state FROM reader_group WHERE name = ?", name)
      .toArray()[0];
    if (row === undefined) return null;
    // Nobody was heard while the object was not there: their time begins anew.
    const group = JSON.parse(row.state) as Group;
    const nowMs = Date.now();
    for (const member of group.members) member.seenAtMs = nowMs;
    this.#known.set(name, group);
    return group;
  }

  #count(): number {
    if (!this.#needs.isMade()) return 0;
    return this.#needs.sql.exec<{ n: number }>("SELECT count(*) AS n FROM reader_group").one().n;
  }
}

/** All of a group but when its members were heard. */
const lasting = (group: Group): string =>
  JSON.stringify({ ...group, members: group.members.map((one) => ({ ...one, seenAtMs: 0 })) });
