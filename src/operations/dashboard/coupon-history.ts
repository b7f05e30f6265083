import type { CouponOverview } from '../../coupon/index.js';
import type { CouponPoint } from './snapshot.js';

/** As far back as a page that is opened now can look. */
export const HISTORY_MS = 600_000;

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
  readonly refused: number;
}

/** The last ten minutes of one coupon, a point for each time it was looked at. */
export class CouponHistory {
  readonly points: CouponPoint[] = [];
  private readonly marks: Mark[] = [];

  /** Adds what is seen of the coupon now, and compares it with what was seen before. */
  add(at: number, overview: CouponOverview): Activity {
    if (this.marks.length === 0) this.beginWhereCreated(at, overview);
    const { view, pending, accepted, epoch, oldestPending, pendingForMs, refusals } = overview;
    const mark = { at, accepted, epoch, refused: sum(Object.values(refusals)) };
    const before = this.marks.at(-1);
    const acceptedPerSecond = this.acceptedPerSecond(mark);
    // Forgotten and begun anew, a count is smaller than before.
    const refusedPerSecond =
      before === undefined ? 0 : perSecond(Math.max(0, mark.refused - before.refused), at - before.at);
    this.points.push([at, view.remainingQuantity, acceptedPerSecond, refusedPerSecond, pending]);
    this.marks.push(mark);
    while ((this.marks[0]?.at ?? at) < at - HISTORY_MS) {
      this.points.shift();
      this.marks.shift();
    }
    return { acceptedPerSecond, refusedPerSecond, oldestPendingMs: this.ageOf(oldestPending, pendingForMs, at) };
  }

  /** A small coupon is sold out before it is first looked at; then its story begins with all of the stock. */
  private beginWhereCreated(now: number, { view, epoch }: CouponOverview): void {
    const at = view.createdAt.getTime();
    if (at >= now || at < now - JUST_CREATED_MS) return;
    this.points.push([at, view.totalQuantity, null, 0, 0]);
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

function perSecond(count: number, ms: number): number {
  return ms <= 0 ? 0 : Math.round((count * 10_000) / ms) / 10;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
