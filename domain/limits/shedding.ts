/**
 * What a request is worth while there is more to do than can be done: `vital` keeps the product governable (health,
 * revoking, signing out), `background` waits for better times (imports, moves, whatever its caller says can wait).
 */
export type Priority = "vital" | "normal" | "background";

/** Requests of one isolate under way: a priority is refused from `shut` on, until there are no more than `open`. */
type Gate = { shut: number; open: number; retryAfterS: number };
export type Gates = Readonly<Record<Priority, Gate>>;

/**
 * One isolate answers some thousands of requests a second, so 1,000 under way is about a third of a second of waiting
 * for whoever comes last. Each may hold a body of 1 MB, which is what bounds the vital ones.
 */
export const GATES: Gates = {
  background: { shut: 256, open: 128, retryAfterS: 5 },
  normal: { shut: 1_024, open: 768, retryAfterS: 2 },
  vital: { shut: 2_048, open: 1_792, retryAfterS: 1 },
};

/** A gate stays shut for so long at least, so that load about a threshold does not make it flap. */
const HOLD_MS = 250;

/**
 * Under way is what began in this slot or the last and has not ended: whoever hangs up takes the request with them, and
 * nobody hears of its end. What takes longer than that waits for something else than this isolate.
 */
const SLOT_MS = 5_000;

/** What `leave` is to be given; or, refused, the seconds after which to come back. */
export type Entered = { slot: number } | { retryAfterS: number };

/** Decides which requests an isolate takes on. */
export function shedder(gates: Gates) {
  let slot = 0;
  let began = 0;
  let beganBefore = 0;
  const state: Record<Priority, { isShut: boolean; shutAtMs: number }> = {
    vital: { isShut: false, shutAtMs: -Infinity },
    normal: { isShut: false, shutAtMs: -Infinity },
    background: { isShut: false, shutAtMs: -Infinity },
  };

  function turn(nowMs: number): void {
    const now = Math.floor(nowMs / SLOT_MS);
    if (now === slot) return;
    beganBefore = now === slot + 1 ? began : 0;
    began = 0;
    slot = now;
  }

  return {
    enter(priority: Priority, nowMs: number): Entered {
      turn(nowMs);
      const gate = gates[priority];
      const mine = state[priority];
      const underWay = began + beganBefore;
      if (!mine.isShut && underWay >= gate.shut) {
        mine.isShut = true;
        mine.shutAtMs = nowMs;
      } else if (mine.isShut && underWay <= gate.open) {
        // A clock put back must not hold a gate shut.
        mine.isShut = Math.abs(nowMs - mine.shutAtMs) < HOLD_MS;
      }
      if (mine.isShut) return { retryAfterS: gate.retryAfterS };
      began++;
      return { slot };
    },
    leave(entered: { slot: number }): void {
      if (entered.slot === slot) began--;
      else if (entered.slot === slot - 1) beganBefore--;
    },
    /** Requests under way, those of whose end nobody heard among them for a while. */
    underWay: () => began + beganBefore,
    /** Whether requests that can wait are being refused, or were when the last one came. */
    isBusy: () => state.background.isShut || began + beganBefore >= gates.background.shut,
  };
}

/** `Priority` of RFC 9218: an urgency below the usual 3 says that the request can wait. */
export const canWait = (header: string | null): boolean =>
  header !== null && /(?:^|[,\s])u=[5-7](?:$|[,;\s])/.test(header.slice(0, 64));
