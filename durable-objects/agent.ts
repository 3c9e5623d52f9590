import { DurableObject } from "cloudflare:workers";
import type { Doing } from "#domain/agents/standing.ts";
import type { LeaseInput } from "#domain/mailbox/model.ts";
import type { Draft } from "#domain/mailbox/message.ts";
import type { Hop } from "#domain/delegation/hop.ts";
import { type A2aFailure, failureOf } from "#domain/a2a/errors.ts";
import type {
  Asked,
  Caller,
  News,
  NewsAsked,
  Opened,
  TaskFilter,
  TaskPage,
  Told,
} from "#domain/tasks/asked.ts";
import type { TaskState } from "#domain/tasks/state.ts";
import type {
  Contents,
  Leased,
  Placed,
  Settled,
  Settlement,
  Shown,
  ShownState,
} from "#domain/mailbox/outcome.ts";
import type { Cursor } from "#domain/shared/cursor.ts";
import { LIMITS } from "#domain/shared/limits.ts";
import type { Problem } from "#domain/shared/problem.ts";
import { err, ok, type Result } from "#domain/shared/result.ts";
import type { AwayAsking, AwayHeard } from "#objects/agent-away.ts";
import type { ForDelivery } from "#objects/agent-delivery.ts";
import { AgentSessions } from "#objects/agent-sessions.ts";
import type { PushSet } from "#objects/agent-tasks.ts";
import {
  OVER,
  type Delegated,
  type DelegateRefused,
  type Made,
} from "#objects/agent-delegation.ts";
import type { ReleaseChange, ReleaseOutcome } from "#objects/agent-releases.ts";
import { agentInner, type AgentInner, hasInner } from "#objects/agent-inner.ts";
import { STOPPED } from "#objects/agent-life.ts";
import { AGAIN_MS, type AgentPart, workDue } from "#objects/agent-parts.ts";

/**
 * One agent: its mailbox, its tasks, its sessions. Named by agent id, and not there before the first message. An idle
 * one has no alarm and no timer; one alarm serves all its parts. Who may do what is decided before it is asked.
 */
export class Agent extends DurableObject<Env> {
  readonly #sessions: AgentSessions;
  /** Null until something is to be stored. */
  #inner: AgentInner | null = null;
  #onReady: () => void = () => {};

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sessions = new AgentSessions(ctx, env, {
      lease: async (input) => (this.#inner === null ? ok([]) : await this.lease(input)),
      settle: (settlements) => this.settle(settlements),
      dueMs: () => this.#inner?.mailbox.readyMs ?? Infinity,
      onReady: (listener) => {
        this.#onReady = listener;
      },
    });
    if (hasInner(ctx)) this.#inner = this.#open();
  }

  #open(): AgentInner {
    const inner = agentInner(this.ctx, this.env, {
      wake: () => this.#wake(),
      endSessions: () => this.#sessions.endAll("forbidden"),
    });
    inner.mailbox.onReady(() => this.#onReady());
    return inner;
  }

  get #all(): AgentInner {
    return (this.#inner ??= this.#open());
  }
  get #mailbox() {
    return this.#all.mailbox;
  }
  get #tasks() {
    return this.#all.tasks;
  }
  get #delivery() {
    return this.#all.delivery;
  }
  get #quality() {
    return this.#all.quality;
  }
  get #delegation() {
    return this.#all.delegation;
  }
  get #away() {
    return this.#all.away;
  }
  get #releases() {
    return this.#all.releases;
  }
  get #life() {
    return this.#all.life;
  }

  /** Puts messages into the mailbox: they are stored when this answers, each with its own outcome. */
  async send(drafts: Draft[]): Promise<Result<Placed, Problem>[]> {
    if (this.#life.isStopped) return drafts.map(() => err(STOPPED));
    if (drafts.some(({ hop }) => hop !== undefined && this.#delegation.isCanceled(hop.id)))
      return drafts.map(() => err(OVER));
    const placed = await this.#mailbox.put(drafts);
    this.#delegation.receiveAll(drafts, placed, Date.now());
    return placed;
  }

  async lease(input: LeaseInput): Promise<Result<Leased[], Problem>> {
    if (this.#life.isStopped) return err(STOPPED);
    if (this.#quality.isSilent) await this.did({ kind: "seen" });
    return await this.#mailbox.lease(input);
  }

  async settle(settlements: Settlement[]): Promise<Result<Settled, Problem>[]> {
    if (this.#life.isStopped) return settlements.map(() => err(STOPPED));
    return await this.#mailbox.settle(settlements);
  }

  /** Notes what its agent did with a task. */
  async did(doing: Doing): Promise<void> {
    this.#quality.did(doing, Date.now());
    await this.#wake();
  }

  async beginTask(asked: Asked): Promise<Result<Opened, A2aFailure>> {
    const { hop } = asked;
    if (this.#life.isStopped) return err(failureOf(STOPPED));
    if (hop !== undefined && this.#delegation.isCanceled(hop.id)) return err(failureOf(OVER));
    const begun = await this.#tasks.beginTask(asked);
    if (hop !== undefined && begun.ok)
      this.#delegation.receive(hop, { seq: null, taskId: begun.value.taskId }, Date.now());
    await this.#wake();
    return begun;
  }

  openTask(caller: Caller, id: string, historyLength: number | null): Opened | null {
    return this.#tasks.tasks.open(caller, id, historyLength);
  }

  async taskNews(caller: Caller, id: string, asked: NewsAsked): Promise<News | null> {
    return await this.#tasks.tasks.news(caller, id, asked);
  }

  showTask(caller: Caller, id: string, historyLength: number | null): string | null {
    return this.#tasks.tasks.show(caller, id, historyLength);
  }

  listTasks(caller: Caller, filter: TaskFilter): TaskPage {
    return this.#tasks.tasks.list(caller, filter);
  }

  async cancelTask(caller: Caller, id: string): Promise<Result<string, A2aFailure>> {
    const canceled = await this.#tasks.cancelTask(caller, id);
    if (canceled.ok) {
      this.#delegation.cancelTask(id, Date.now());
      await this.#wake();
    }
    return canceled;
  }

  /** The hop that its agent may make now (agent-delegation.ts). */
  delegate(self: string, asked: Delegated): Result<Made, DelegateRefused | typeof STOPPED> {
    if (this.#life.isStopped) return err(STOPPED);
    return this.#delegation.delegate(self, asked, Date.now());
  }

  takeBackHop(id: string): void {
    this.#delegation.takeBack(id);
  }

  /** Ends what its agent handed on, and all that came of it. False where it handed on nothing of that id. */
  async cancelMade(id: string): Promise<boolean> {
    const isKnown = this.#delegation.cancelMade(id, Date.now());
    await this.#wake();
    return isKnown;
  }

  /** The work that it was given by a hop is over. False where that cannot be done now: ask again. */
  async cancelHop(id: string): Promise<boolean> {
    const place = this.#delegation.cancel(id, Date.now());
    await this.#wake();
    const { seq = null, taskId = null } = place ?? {};
    if (!(await this.#away.cancel(id))) return false;
    if (taskId !== null && !(await this.#tasks.dropTask(taskId))) return false;
    if (seq === null) return true;
    const done = await this.#mailbox.within(0, (rows) => {
      rows.withdraw(seq);
      return true;
    });
    return done === true;
  }

  /** Before its agent, which runs elsewhere, is called: the hop by which, and for whom. */
  beginAway(hop: Hop, asking: AwayAsking): Result<null, Problem> {
    if (this.#life.isStopped) return err(STOPPED);
    if (this.#delegation.isCanceled(hop.id)) return err(OVER);
    this.#away.begin(hop, asking, Date.now());
    return ok(null);
  }

  /** What is heard of such work, by its hop or by the agent's own id of it. False where it was cancelled meanwhile. */
  async heardAway(of: { hopId: string } | { taskId: string }, heard: AwayHeard): Promise<boolean> {
    const goesOn = this.#away.heard(of, heard, Date.now());
    await this.#wake();
    return goesOn;
  }

  setTaskPush(caller: Caller, id: string, config: string, body: string): PushSet {
    return this.#tasks.tasks.setPush(caller, id, config, body);
  }

  taskPushes(caller: Caller, id: string): { id: string; body: string }[] | null {
    return this.#tasks.tasks.pushes(caller, id);
  }

  dropTaskPush(caller: Caller, id: string, config: string): boolean {
    return this.#tasks.tasks.dropPush(caller, id, config);
  }

  /** What the agent's own account sees of it: JSON of A2A's Task. */
  seenTask(id: string): string | null {
    return this.#tasks.tasks.seen(id);
  }

  /** What the agent's program says of a task, under the lease of one of its messages. */
  async updateTask(
    id: string,
    held: { seq: number; token: number },
    told: Told,
  ): Promise<Result<TaskState, Problem>> {
    if (this.#life.isStopped) return err(STOPPED);
    const updated = await this.#tasks.updateTask(id, held, told);
    await this.#wake();
    return updated;
  }

  /** Looks into the mailbox without taking anything out. */
  message(seq: number): Shown | null {
    return this.#mailbox.reading.one(seq);
  }

  messages(state: ShownState | null, after: Cursor | null, limit: number): Shown[] {
    return this.#mailbox.reading.page(state, after, Math.min(limit, LIMITS.pageMax + 1));
  }

  contents(): Contents {
    return this.#mailbox.reading.contents();
  }

  async drop(seq: number): Promise<Result<null, Problem>> {
    return await this.#mailbox.drop(seq);
  }

  async redrive(seqs: number[] | null): Promise<Result<number, Problem>> {
    return await this.#mailbox.redrive(seqs);
  }

  /** A session: only WebSockets come this way. */
  override async fetch(request: Request): Promise<Response> {
    const answer = this.#sessions.open(request);
    await this.#wake();
    return answer;
  }

  override async webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): Promise<void> {
    await this.#sessions.message(socket, message);
  }

  /** Whether its Delivery object empties the mailbox. */
  setDelivered(isOn: boolean): void {
    this.#delivery.set(isOn);
  }

  async leaseForDelivery(limit: number, leaseMs: number): Promise<Result<ForDelivery, Problem>> {
    if (this.#life.isStopped) return err(STOPPED);
    return await this.#delivery.lease(limit, leaseMs);
  }

  readState(): ReleaseOutcome {
    return this.#life.isEmpty ? err(STOPPED) : ok(this.#releases.read());
  }

  /** What the program before is still doing does not count any more; the next one is given it. */
  changeRelease(change: ReleaseChange, expected: number | null): ReleaseOutcome {
    if (this.#life.isStopped) return err(STOPPED);
    const { number } = this.#releases.read().now;
    const outcome = this.#releases.change(change, expected, Date.now());
    if (outcome.ok && outcome.value.now.number !== number) this.#mailbox.recall();
    return outcome;
  }

  /** Whether its agent is there. Nothing is stored for it. */
  presence(): { isPresent: boolean; sessions: number; leases: number } {
    const sessions = this.ctx.getWebSockets().length;
    const leases = this.#inner === null || this.#isEmpty ? 0 : this.#mailbox.leases(Date.now());
    return { isPresent: sessions + leases > 0, sessions, leases };
  }

  /** Its record is about to change in a way that reaches its work (agent-life.ts). */
  async expectChange(agentId: string): Promise<void> {
    this.#life.expect(agentId, Date.now());
    await this.#wake();
  }

  async followRecord(agentId: string): Promise<void> {
    await this.#life.follow(agentId, Date.now());
    await this.#wake();
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    this.#sessions.closed(socket, code);
  }

  override webSocketError(socket: WebSocket): void {
    this.#sessions.closed(socket, 1006);
  }

  override async alarm(): Promise<void> {
    const nowMs = Date.now();
    const hasFailed = await workDue(this.#parts, nowMs, () => this.#isEmpty);
    if (this.#isEmpty) return;
    if (hasFailed) await this.ctx.storage.setAlarm(nowMs + AGAIN_MS);
    else await this.#wake();
  }

  get #parts(): readonly AgentPart[] {
    const inner = this.#inner;
    return inner === null ? [this.#sessions] : [inner.mailbox, this.#sessions, ...inner.others];
  }

  /** Whether its agent is gone, with all it held. */
  get #isEmpty(): boolean {
    return this.#inner?.life.isEmpty === true;
  }

  /** Sets the alarm for whatever is due first; an alarm that nothing needs any more is taken back. */
  async #wake(): Promise<void> {
    if (this.#isEmpty) return;
    const due = this.#parts.flatMap((part) => part.dueMs() ?? []);
    const set = await this.ctx.storage.getAlarm();
    const first = Math.min(...due);
    // One that comes too early finds nothing to do, which costs less than writing it anew at every change.
    if (first !== Infinity && (set === null || set > first)) await this.ctx.storage.setAlarm(first);
    else if (first === Infinity && set !== null) await this.ctx.storage.deleteAlarm();
  }
}
