/** The numbers of this second, each with whom it is counted by. */
import { el, setAttribute, setText } from './dom.js';
import { duration, milliseconds, number, t } from './language.js';

/** @import { CouponSnapshot, Snapshot } from '../snapshot.js' */
/** @import { TextKey } from './language.js' */
/** @import { Series } from './series.js' */

/** An older pending reservation is more than the usual way from Redis to MySQL. */
const LATE_MS = 5_000;

class Tile {
  value = el('dd', { class: 'big' });
  note = el('dd', { class: 'note' });

  /**
   * @param {string} id
   * @param {TextKey} label
   * @param {TextKey} where
   */
  constructor(id, label, where) {
    this.element = el(
      'div',
      { class: 'card tile', id },
      el('dt', {}, t(label)),
      this.value,
      this.note,
      el('dd', { class: 'where' }, t(where)),
    );
  }

  /**
   * @param {string} value
   * @param {string} note
   */
  show(value, note) {
    setText(this.value, value);
    setText(this.note, note);
  }
}

export class Tiles {
  #tiles = {
    accepted: new Tile('tile-accepted', 'acceptedRate', 'ofAll'),
    refused: new Tile('tile-refused', 'refusedRate', 'ofAll'),
    latency: new Tile('tile-latency', 'latency', 'ofThisAll'),
    pending: new Tile('tile-pending', 'pending', 'ofAll'),
  };
  element = el('dl', { class: 'tiles' }, ...Object.values(this.#tiles).map(({ element }) => element));

  /**
   * @param {Snapshot} snapshot
   * @param {CouponSnapshot} coupon
   * @param {Series} series
   */
  show(snapshot, coupon, series) {
    const peakOf = (/** @type {1 | 2} */ index) => Math.max(0, ...series.latency.map((point) => point[index] ?? 0));
    const peakAccepted = series.coupon.reduce((peak, [, , accepted]) => Math.max(peak, accepted ?? 0), 0);
    const refused = Object.values(coupon.refusals).reduce((sum, count) => sum + count, 0);
    this.#tiles.accepted.show(number(coupon.acceptedPerSecond), t('peak', { value: number(peakAccepted) }));
    this.#tiles.refused.show(number(coupon.refusedPerSecond), t('total', { count: number(refused) }));

    const { p50, p99 } = snapshot.latency;
    const latest = p99 === null ? t('noRequests') : `${t('p50')} ${milliseconds(p50)}`;
    this.#tiles.latency.show(
      p99 === null ? '–' : milliseconds(p99),
      peakOf(2) > 0 ? `${latest} · ${t('peak', { value: milliseconds(peakOf(2)) })}` : latest,
    );

    const { pending, oldestPendingMs } = coupon;
    const age = oldestPendingMs === null ? '' : t('oldest', { time: duration(oldestPendingMs) });
    this.#tiles.pending.show(pending === null ? '–' : number(pending), pending === 0 ? t('nothingPending') : age);
    setAttribute(this.#tiles.pending.element, 'data-kind', (oldestPendingMs ?? 0) > LATE_MS ? 'warn' : null);
  }
}
