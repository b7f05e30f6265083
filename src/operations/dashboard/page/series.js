/** What has happened to the coupon that is looked at: what the server has written down, and what has come since. */
import { call } from './api.js';

/** @import { CouponPoint, History, LatencyPoint, Snapshot } from '../snapshot.js' */

/** More points than these are asked for anew: the server leaves some of the old ones out. */
const MAX_POINTS = 12_000;
const LATENCIES_KEPT_MS = 600_000;
/** A longer time without a snapshot is a gap in what was heard. */
const GAP_MS = 2_500;
const ASK_AGAIN_AFTER_MS = 5_000;

export class Series {
  /** @type {CouponPoint[]} */
  coupon = [];
  /** @type {LatencyPoint[]} */
  latency = [];
  /** True once what the server has written down is among them. */
  isComplete = false;
  /** @type {string | undefined} */
  #instance;
  #isLoading = false;
  #askAgainAt = 0;

  /** @param {number} couponId */
  constructor(couponId) {
    this.couponId = couponId;
  }

  /**
   * Adds a snapshot; at first, after a gap, and when another instance answers, asks first what was missed.
   * @param {Snapshot} snapshot
   */
  async add(snapshot) {
    const { at, instance } = snapshot;
    const last = this.coupon.at(-1)?.[0] ?? 0;
    const isToLoad =
      instance !== this.#instance ||
      at - last > GAP_MS ||
      this.coupon.length > MAX_POINTS ||
      (!this.isComplete && at > this.#askAgainAt);
    if (isToLoad && !this.#isLoading) await this.#load(snapshot);
    this.#append(snapshot);
  }

  /** @param {Snapshot} snapshot */
  #append({ at, coupons, latency }) {
    if (at <= (this.coupon.at(-1)?.[0] ?? 0)) return;
    const seen = coupons.list?.find(({ couponId }) => couponId === this.couponId);
    if (seen === undefined) return;
    this.coupon.push([at, seen.remainingQuantity, seen.acceptedPerSecond, seen.refusedPerSecond, seen.pending]);
    this.latency.push([at, latency.p50, latency.p99]);
    while ((this.latency[0]?.[0] ?? at) < at - LATENCIES_KEPT_MS) this.latency.shift();
  }

  /** @param {Snapshot} snapshot */
  async #load({ at, instance }) {
    this.#isLoading = true;
    const { ok, body } = await call(`dashboard/history/${this.couponId}`);
    this.#isLoading = false;
    const { coupon, ...rest } = /** @type {History} */ (ok ? body : { instance: '', coupon: null, latency: [] });
    this.isComplete = coupon !== null;
    this.#askAgainAt = at + ASK_AGAIN_AFTER_MS;
    if (coupon !== null) this.coupon = joined(this.coupon, coupon);
    if (instance !== this.#instance) this.latency = [];
    this.#instance = instance;
    // Behind a load balancer another instance may have answered, which has other answer times to tell.
    if (rest.instance === instance) this.latency = joined(this.latency, rest.latency);
  }

  /**
   * When it was sold out and how long that took, if all of that is known.
   * @param {number} total
   * @returns {{ at: number, afterMs: number } | undefined}
   */
  soldOut(total) {
    const end = this.coupon.findIndex(
      ([, remaining], index) => remaining === 0 && (this.coupon[index - 1]?.[1] ?? 0) > 0,
    );
    if (end === -1) return undefined;
    const start = this.coupon.slice(0, end).findLastIndex(([, remaining]) => remaining === total);
    const [from, to] = [this.coupon[start]?.[0], this.coupon[end]?.[0]];
    return from === undefined || to === undefined ? undefined : { at: to, afterMs: to - from };
  }

  /** When someone was accepted for the last time, as far as is known; the latest point where nobody was. */
  get lastAcceptedAt() {
    return (this.coupon.findLast(([, , accepted]) => (accepted ?? 0) > 0) ?? this.coupon.at(-1))?.[0] ?? 0;
  }

  /** Accepted per second over the last five seconds. */
  pace() {
    const recent = this.coupon.slice(-5).map(([, , accepted]) => accepted ?? 0);
    return recent.reduce((sum, accepted) => sum + accepted, 0) / Math.max(1, recent.length);
  }
}

/**
 * What was written down there in the place of what was heard here in the same time.
 * @template {readonly [number, ...unknown[]]} P
 * @param {readonly P[]} here
 * @param {readonly P[]} there
 * @returns {P[]}
 */
function joined(here, there) {
  const [first, last] = [there[0]?.[0] ?? Infinity, there.at(-1)?.[0] ?? Infinity];
  return [...here.filter(([at]) => at < first), ...there, ...here.filter(([at]) => at > last)];
}
