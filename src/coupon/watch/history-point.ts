import type { Refusals } from '../reservation/refusal-tally.js';

/** How a coupon stood at one moment, counted by all instances together. */
export interface HistoryPoint {
  /** In ms since 1970. */
  readonly at: number;
  readonly remaining: number;
  /** Grows by one with each reservation; by more where `epoch` has changed, see CouponOverview. */
  readonly accepted: number;
  readonly epoch: number;
  readonly pending: number;
  /** Since it was first refused to anyone. */
  readonly refusals: Refusals;
}

/** Short, since there are many of them: JSON without the names. */
export function encodePoint({ at, remaining, accepted, epoch, pending, refusals }: HistoryPoint): string {
  return JSON.stringify([at, remaining, accepted, epoch, pending, refusals]);
}

/** @param text as `encodePoint` writes it */
export function decodePoint(text: string): HistoryPoint {
  const [at, remaining, accepted, epoch, pending, refusals] = JSON.parse(text);
  return { at, remaining, accepted, epoch, pending, refusals };
}

/** How many were refused, for whatever reason. */
export function refusedIn(refusals: Refusals): number {
  return Object.values(refusals).reduce((sum, count) => sum + count, 0);
}

/** True when nothing has happened between the two. */
export function isSameBut(one: HistoryPoint, other: HistoryPoint): boolean {
  return encodePoint({ ...one, at: 0 }) === encodePoint({ ...other, at: 0 });
}
