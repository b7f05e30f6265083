/** The list of coupons: the newest as they are this second, older ones as they were when they were asked for. */
import { address } from './address.js';
import { call, problemText } from './api.js';
import { Badge } from './badge.js';
import { arrange, byId, el, setAttribute, setText } from './dom.js';
import { number, shortNumber, t } from './language.js';
import { toast } from './toast.js';

/** @typedef {Pick<import('../snapshot.js').CouponSnapshot, 'couponId' | 'createdAt' | 'name' | 'status' | 'totalQuantity' | 'remainingQuantity'>} Listed */

const PAGE = 50;

class Row {
  #badge = new Badge();
  #name = el('span', { class: 'name' });
  #left = el('span', { class: 'left' });
  #share = el('progress', { max: '1', 'aria-hidden': 'true' });

  /** @param {number} couponId */
  constructor(couponId) {
    this.couponId = couponId;
    this.link = el('a', {}, this.#name, this.#badge.element, this.#left, this.#share);
    this.element = el('li', {}, this.link);
  }

  /**
   * @param {Listed} coupon
   * @param {boolean} isSelected
   */
  show({ name, status, totalQuantity, remainingQuantity }, isSelected) {
    setText(this.#name, name);
    this.#badge.show(status);
    setText(this.#left, t('leftShort', { left: number(remainingQuantity), total: shortNumber(totalQuantity) }));
    this.#share.value = 1 - remainingQuantity / totalQuantity;
    setAttribute(this.link, 'href', address.linkTo(this.couponId));
    setAttribute(this.link, 'aria-current', isSelected ? 'true' : null);
  }
}

/** @type {(a: Listed, b: Listed) => number} */
function newestFirst(a, b) {
  return Date.parse(b.createdAt) - Date.parse(a.createdAt) || b.couponId - a.couponId;
}

export class CouponList {
  /** @type {Map<number, Row>} */
  #rows = new Map();
  /** @type {Map<number, Listed>} */
  #older = new Map();
  /** @type {string | null | undefined} undefined: nobody has asked for older ones yet */
  #cursor;

  constructor() {
    const skeleton = [0, 1, 2].map(() => el('li', { class: 'skeleton', 'aria-hidden': 'true' }));
    byId('coupon-list').replaceChildren(...skeleton);
  }

  /**
   * @param {readonly Listed[]} live
   * @param {number | null} selected
   */
  show(live, selected) {
    for (const coupon of live) this.#older.delete(coupon.couponId);
    const all = [...live, ...this.#older.values()].sort(newestFirst);
    const rows = all.map((coupon) => {
      const row = this.#rows.get(coupon.couponId) ?? new Row(coupon.couponId);
      this.#rows.set(coupon.couponId, row);
      row.show(coupon, coupon.couponId === selected);
      return row.element;
    });
    if (rows.length === 0) rows.push(el('li', { class: 'empty' }, t('noCoupons')));
    arrange(byId('coupon-list'), rows);
    byId('older').hidden = live.length < PAGE || this.#cursor === null;
  }

  /** Adds a page of older coupons. */
  async showOlder() {
    if (this.#cursor === undefined) {
      const newest = await call(`api/coupons?limit=${PAGE}`);
      if (!newest.ok) return toast(problemText(newest), 'bad');
      this.#cursor = newest.body.nextCursor;
    }
    if (this.#cursor === null) return;
    const page = await call(`api/coupons?limit=${PAGE}&cursor=${this.#cursor}`);
    if (!page.ok) return toast(problemText(page), 'bad');
    this.#cursor = page.body.nextCursor;
    for (const coupon of page.body.coupons) this.#older.set(coupon.couponId, coupon);
  }
}
