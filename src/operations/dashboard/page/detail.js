/** Everything about the one coupon that is looked at. */
import { Actions } from './actions.js';
import { Audit } from './audit.js';
import { Charts } from './charts.js';
import { el } from './dom.js';
import { Failures } from './failures.js';
import { Hero } from './hero.js';
import { Holders } from './holders.js';
import { t, zoneName } from './language.js';
import { Ranges } from './ranges.js';
import { Refusals } from './refusals.js';
import { Series } from './series.js';
import { Tiles } from './tiles.js';

/** @import { CouponSnapshot, Snapshot } from '../snapshot.js' */

export class Detail {
  #hero = new Hero();
  #tiles = new Tiles();
  #refusals = new Refusals();
  /** @type {Charts} */
  #charts;
  #ranges = new Ranges(() => this.#redraw?.());
  /** @type {(() => void) | undefined} */
  #redraw;
  #isGone = false;

  /**
   * @param {CouponSnapshot} coupon
   * @param {Series} [series]  what is known already, when only the language has changed
   */
  constructor({ couponId, totalQuantity, returnedQuantity }, series = new Series(couponId)) {
    this.couponId = couponId;
    this.series = series;
    this.#charts = new Charts(totalQuantity + returnedQuantity);
    this.failures = new Failures(couponId);
    const charts = el(
      'section',
      { class: 'card', 'aria-label': t('charts') },
      el(
        'div',
        { class: 'card-head' },
        this.#ranges.element,
        el('span', { class: 'hint', id: 'zone' }, zoneName(Date.now())),
      ),
      this.#charts.element,
    );
    this.audit = new Audit(couponId);
    this.holders = new Holders(couponId);
    const below = el('div', { class: 'pair' }, this.audit.element, this.#refusals.element);
    this.elements = [
      this.#hero.element,
      this.#tiles.element,
      charts,
      below,
      this.holders.element,
      this.failures.element,
      new Actions(couponId).element,
    ];
  }

  /**
   * @param {Snapshot} snapshot
   * @param {CouponSnapshot} coupon
   */
  async show(snapshot, coupon) {
    await this.series.add(snapshot);
    if (this.#isGone) return;
    const capacity = coupon.totalQuantity + coupon.returnedQuantity;
    if (capacity !== this.#charts.total) this.#changeTotal(capacity);
    this.#redraw = () => this.#charts.show(this.series, this.#ranges.from(this.series, snapshot.at), snapshot.at);
    this.#redraw();
    this.#hero.show(coupon, this.series, snapshot);
    this.#tiles.show(snapshot, coupon, this.series);
    this.#refusals.show(coupon.refusals, snapshot);
    this.failures.show(coupon.openFailures);
    this.holders.show(coupon);
    this.audit.show(coupon.strategy);
  }

  destroy() {
    this.#isGone = true;
    this.#charts.destroy();
  }

  /** @param {number} total */
  #changeTotal(total) {
    const charts = new Charts(total);
    this.#charts.element.replaceWith(charts.element);
    this.#charts.destroy();
    this.#charts = charts;
  }
}
