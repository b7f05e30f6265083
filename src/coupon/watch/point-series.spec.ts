import { describe, expect, it } from '@jest/globals';
import { decodePoint, encodePoint, type HistoryPoint } from './history-point.js';
import { PointSeries } from './point-series.js';

/** The beginning of a minute. */
const START = Date.UTC(2026, 10, 20, 9);

function pointAt(second: number, rest: Partial<HistoryPoint> = {}): HistoryPoint {
  return { at: START + second * 1000, remaining: 100, accepted: 0, epoch: 1, pending: 0, refusals: {}, ...rest };
}

function secondOf({ at }: HistoryPoint): number {
  return (at - START) / 1000;
}

/** Which seconds are written down of these points, into each list. */
function written(points: readonly HistoryPoint[]): { seconds: number[]; minutes: number[] } {
  const series = new PointSeries();
  const added = points.map((point) => series.add(point));
  return {
    seconds: added.flatMap((noted) => noted.seconds.map(secondOf)),
    minutes: added.flatMap((noted) => noted.minutes.map(secondOf)),
  };
}

function everySecond(from: number, to: number, rest?: Partial<HistoryPoint>): HistoryPoint[] {
  return Array.from({ length: to - from }, (_, index) => pointAt(from + index, rest));
}

describe('the points of a coupon', () => {
  it('are what they were once they are read again', () => {
    const point = pointAt(3, { pending: 2, refusals: { COUPON_SOLD_OUT: 4 } });
    expect(decodePoint(encodePoint(point))).toEqual(point);
  });

  it('leave out what lies between two equal ones, so that the rate before and after a pause is right', () => {
    const points = [...everySecond(0, 30), ...everySecond(30, 35, { remaining: 60, accepted: 40 }), pointAt(35)];
    expect(written(points).seconds).toEqual([0, 29, 30, 34, 35]);
  });

  it('are one a minute where nothing happens, and one an hour of minutes', () => {
    const { seconds: ofSeconds, minutes } = written(everySecond(0, 7_300));
    expect(ofSeconds.filter((second) => second % 60 === 0)).toHaveLength(122);
    expect(ofSeconds.length).toBeLessThan(250);
    expect(minutes).toEqual([0, 3540, 3600, 7140, 7200]);
  });

  it('are one of each minute in which something goes on, and those where the stock turns', () => {
    const sold = Array.from({ length: 150 }, (_, second) => {
      const accepted = Math.min(100, Math.max(0, second - 9));
      return pointAt(second, { accepted, remaining: 100 - accepted });
    });
    // It begins in second 10 and is gone in second 109.
    expect(written(sold).minutes).toEqual([0, 9, 10, 60, 109]);
  });
});
