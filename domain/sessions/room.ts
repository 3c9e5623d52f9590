/** What is open while an object is awake: a connection, which workerd holds twice, and the three files of its SQLite. */
export const FILES = { socket: 2, object: 3 } as const;
/** An agent's session is alone in its object. */
const FILES_A_SESSION = FILES.socket + FILES.object;
/** For all else: databases, connections of requests, other objects. A small limit gives half. */
const FILES_KEPT = 2_000;

/**
 * How many sessions a process that may have so many files open has room for, all awake at once. One file too many ends
 * workerd, not the session that needed it: it can neither accept a connection nor wake an object for its socket.
 */
export const sessionsIn = (openFiles: number): number =>
  Math.floor((openFiles - Math.min(FILES_KEPT, openFiles / 2)) / FILES_A_SESSION);

/** What takes files, and how many: an agent with its session, a stream, the object that a principal's streams share. */
export type Place = { name: string; files: number };

export const agentPlace = (agentId: string): Place => ({ name: agentId, files: FILES_A_SESSION });

/** The sockets of one process. One whose end nobody heard of counts until whoever had it comes back. */
export class SessionRoom {
  readonly #byName = new Map<string, { id: string; files: number }>();
  #files = 0;

  /** Whether there is room for one more, beside `max` sessions or what else takes as many files. */
  has({ name, files }: Place, max: number): boolean {
    const held = this.#byName.get(name)?.files;
    return held !== undefined || this.#files + files <= max * FILES_A_SESSION;
  }

  /** False where others have all there is. What comes again in a place takes the place of what was there. */
  take(place: Place, id: string, max: number): boolean {
    if (!this.has(place, max)) return false;
    const { name, files } = place;
    this.#files += files - (this.#byName.get(name)?.files ?? 0);
    this.#byName.set(name, { id, files });
    return true;
  }

  leave({ name }: Pick<Place, "name">, id: string): void {
    const held = this.#byName.get(name);
    if (held?.id !== id) return;
    this.#byName.delete(name);
    this.#files -= held.files;
  }
}

/** The one of this process: the edge looks before it wakes an object, which takes its place and leaves it. */
export const sessionRoom = new SessionRoom();

/** How many sessions there may be, as the process says; as many as come where it says nothing. */
export const sessionsMax = ({ WISHUB_SESSIONS_MAX: said }: { WISHUB_SESSIONS_MAX?: string }) =>
  Number(said ?? Infinity);
