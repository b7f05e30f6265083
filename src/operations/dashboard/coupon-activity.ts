import { type CouponOverview, refusedIn } from '../../coupon/index.js';

/** As far back as what was pending is looked for. */
export const REMEMBERED_MS = 600_000;

const JUST_CREATED_MS = 5_000;

/** What has been happening to a coupon since the sight before. */
export interface Activity {
  readonly acceptedPerSecond: number | null;
  readonly refusedPerSecond: number;
  readonly oldestPendingMs: number | null;
}

interface Mark {
  readonly at: number;
  readonly accepted: number | null;
  readonly epoch: number | null;
  /** Null while those that other instances refused are missing. */
  readonly refused: number | null;
}

/** Tells from how a coupon stood each time it was looked at what is happening to it. */
export class CouponActivity {
  private readonly marks: Mark[] = [];

  /** Adds what is seen of the coupon now, and compares it with what was seen before. */
  add(at: number, overview: CouponOverview): Activity {
    if (this.marks.length === 0) this.beginWhereCreated(at, overview);
    const { accepted, epoch, oldestPending, pendingForMs, refusals, isRefusalsOfAll } = overview;
    const mark = { at, accepted, epoch, refused: isRefusalsOfAll ? refusedIn(refusals) : null };
    const before = this.marks.at(-1);
    const acceptedPerSecond = this.acceptedPerSecond(mark);
    // Forgotten and begun anew, a count is smaller than before.
    const refused = before === undefined ? 0 : Math.max(0, (mark.refused ?? 0) - (before.refused ?? mark.refused ?? 0));
    const refusedPerSecond = before === undefined ? 0 : perSecond(refused, at - before.at);
    this.marks.push(mark);
    while ((this.marks[0]?.at ?? at) < at - REMEMBERED_MS) this.marks.shift();
    return { acceptedPerSecond, refusedPerSecond, oldestPendingMs: this.ageOf(oldestPending, pendingForMs, at) };
  }

  /** A small coupon is sold out before it is first looked at; then its story begins with all of the stock. */
  private beginWhereCreated(now: number, { view, epoch }: CouponOverview): void {
    const at = view.createdAt.getTime();
    if (at >= now || at < now - JUST_CREATED_MS) return;
    this.marks.push({ at, accepted: 0, epoch, refused: 0 });
  }

  /** Since the last time both were known, perhaps before an outage; null after a rebuild, which skips numbers. */
  private acceptedPerSecond({ at, accepted, epoch }: Mark): number | null {
    const before = this.marks.findLast((mark) => mark.accepted !== null);
    if (accepted === null || before === undefined || before.accepted === null || before.epoch !== epoch) return null;
    return perSecond(Math.max(0, accepted - before.accepted), at - before.at);
  }

  /** A reservation is older than the first sight of its number; much older, if the number was there at every sight. */
  private ageOf(sequenceNumber: number | null, pendingForMs: number, now: number): number | null {
    if (sequenceNumber === null) return null;
    const seen = this.marks.findIndex(({ accepted }) => accepted !== null && accepted >= sequenceNumber);
    const age = now - (this.marks[seen]?.at ?? now);
    return seen === 0 ? Math.max(age, pendingForMs) : age;
  }
}

/** With one digit behind the point. */
export function perSecond(count: number, ms: number): number {
  return ms <= 0 ? 0 : Math.round((count * 10_000) / ms) / 10;
}
