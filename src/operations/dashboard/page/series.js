/** The last ten minutes of the coupon that is looked at: what the server remembers, and what has come since. */
import { call } from './api.js';

/** @import { CouponPoint, History, LatencyPoint, Snapshot } from '../snapshot.js' */

const KEPT_MS = 600_000;

export class Series {
  /** @type {CouponPoint[]} */
  coupon = [];
  /** @type {LatencyPoint[]} */
  latency = [];
  /** @type {string | undefined} */
  #instance;
  #isLoading = false;

  /** @param {number} couponId */
  constructor(couponId) {
    this.couponId = couponId;
  }

  /**
   * Adds a snapshot; after a gap, and when another instance answers, asks first what was missed.
   * @param {Snapshot} snapshot
   */
  async add(snapshot) {
    const last = this.coupon.at(-1)?.[0] ?? 0;
    const isNewInstance = snapshot.instance !== this.#instance;
    if ((isNewInstance || snapshot.at - last > 2_500) && !this.#isLoading)
      await this.#load(snapshot.instance, isNewInstance);
    this.#append(snapshot);
  }

  /** @param {Snapshot} snapshot */
  #append({ at, coupons, latency }) {
    if (at <= (this.coupon.at(-1)?.[0] ?? 0)) return;
    const seen = coupons.list?.find(({ couponId }) => couponId === this.couponId);
    if (seen === undefined) return;
    this.coupon.push([at, seen.remainingQuantity, seen.acceptedPerSecond, seen.refusedPerSecond, seen.pending]);
    this.latency.push([at, latency.p50, latency.p99]);
    this.#trim(at - KEPT_MS);
  }

  /** @param {number} from */
  #trim(from) {
    while ((this.coupon[0]?.[0] ?? from) < from) this.coupon.shift();
    while ((this.latency[0]?.[0] ?? from) < from) this.latency.shift();
  }

  /**
   * @param {string} instance
   * @param {boolean} isNewInstance
   */
  async #load(instance, isNewInstance) {
    this.#isLoading = true;
    const { ok, body } = await call(`dashboard/history/${this.couponId}`);
    this.#isLoading = false;
    this.#instance = instance;
    // Behind a load balancer another instance may have answered, which has seen something else.
    if (!ok || /** @type {History} */ (body).instance !== instance) return;
    if (isNewInstance) this.latency = [];
    this.coupon = joined(this.coupon, body.coupon);
    this.latency = joined(this.latency, body.latency);
  }

  /**
   * When it was sold out and how long that took, if all of that was seen.
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

  /** Accepted per second over the last five seconds. */
  pace() {
    const recent = this.coupon.slice(-5).map(([, , accepted]) => accepted ?? 0);
    return recent.reduce((sum, accepted) => sum + accepted, 0) / Math.max(1, recent.length);
  }
}

/**
 * What is remembered there in the place of what was heard here in the same time.
 * @template {readonly [number, ...unknown[]]} P
 * @param {readonly P[]} here
 * @param {readonly P[]} there
 * @returns {P[]}
 */
function joined(here, there) {
  const [first, last] = [there[0]?.[0] ?? Infinity, there.at(-1)?.[0] ?? Infinity];
  return [...here.filter(([at]) => at < first), ...there, ...here.filter(([at]) => at > last)];
}
