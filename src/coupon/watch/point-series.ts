import { type HistoryPoint, isSameBut } from './history-point.js';

const MINUTE_MS = 60_000;
/** So often a coupon to which nothing happens is written down all the same. */
const LONGEST_SILENCE_MS = { seconds: MINUTE_MS, minutes: 60 * MINUTE_MS };

/** What is to be written down now. */
export interface NewPoints {
  readonly seconds: readonly HistoryPoint[];
  readonly minutes: readonly HistoryPoint[];
}

/** Leaves out what is between two equal points: the rates between them are nought with it as without it. */
class Thinned {
  private last: HistoryPoint | undefined;
  private leftOut: HistoryPoint | undefined;

  constructor(private readonly longestSilenceMs: number) {}

  add(point: HistoryPoint): HistoryPoint[] {
    const { last, leftOut } = this;
    if (last !== undefined && isSameBut(last, point) && point.at - last.at < this.longestSilenceMs) {
      this.leftOut = point;
      return [];
    }
    this.last = point;
    this.leftOut = undefined;
    return leftOut === undefined ? [point] : [leftOut, point];
  }
}

/**
 * What of a coupon is worth being written down: every second in which something happened, and of each minute the first
 * one. The seconds in which the stock began to go down, and was gone, are kept for as long as minutes are: how long a drop
 * took should be known for longer than an hour.
 */
export class PointSeries {
  private readonly seconds = new Thinned(LONGEST_SILENCE_MS.seconds);
  private readonly minutes = new Thinned(LONGEST_SILENCE_MS.minutes);
  private last: HistoryPoint | undefined;

  /** True before the first point. */
  get isEmpty(): boolean {
    return this.last === undefined;
  }

  /** The points of one coupon come here, the oldest first. */
  add(point: HistoryPoint): NewPoints {
    const { last } = this;
    this.last = point;
    return {
      seconds: this.seconds.add(point),
      minutes: ofNote(last, point).flatMap((noted) => this.minutes.add(noted)),
    };
  }
}

function ofNote(last: HistoryPoint | undefined, point: HistoryPoint): HistoryPoint[] {
  if (last === undefined || minuteOf(last) !== minuteOf(point)) return [point];
  const hasBegun = last.accepted === 0 && point.accepted > 0;
  const isGone = last.remaining > 0 && point.remaining === 0;
  const isBack = last.remaining === 0 && point.remaining > 0;
  if (hasBegun || isBack) return [last, point];
  return isGone ? [point] : [];
}

function minuteOf({ at }: HistoryPoint): number {
  return Math.floor(at / MINUTE_MS);
}
