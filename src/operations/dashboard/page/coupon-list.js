/** The list of coupons: the newest as they are this second, older ones as they were when they were asked for. */
import { address } from './address.js';
import { call, problemText } from './api.js';
import { Badge } from './badge.js';
import { arrange, byId, el, setAttribute, setText } from './dom.js';
import { number, shortNumber, t } from './language.js';
import { toast } from './toast.js';

/** @typedef {Pick<import('../snapshot.js').CouponSnapshot, 'couponId' | 'createdAt' | 'name' | 'status' | 'totalQuantity' | 'returnedQuantity' | 'remainingQuantity'>} Listed */

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
  show({ name, status, totalQuantity, returnedQuantity, remainingQuantity }, isSelected) {
    const capacity = totalQuantity + returnedQuantity;
    setText(this.#name, name);
    this.#badge.show(status);
    setText(this.#left, t('leftShort', { left: number(remainingQuantity), total: shortNumber(capacity) }));
    this.#share.value = 1 - remainingQuantity / capacity;
    setAttribute(this.link, 'href', address.linkTo(this.couponId));
    setAttribute(this.link, 'aria-current', isSelected ? 'true' : null);
  }
}

/** @type {(a: Listed, b: Listed) => number} */
function newestFirst(a, b) {
  return Date.parse(b.createdAt) - Date.parse(a.createdAt) || b.couponId - a.couponId;
}

/** Long enough to type the next letter. */
const TYPING_MS = 300;

export class CouponList {
  /** @type {Map<number, Row>} */
  #rows = new Map();
  /** @type {Map<number, Listed>} those that the stream does not tell of, as they were when they were asked for */
  #asked = new Map();
  /** @type {string | null | undefined} undefined: nobody has asked for older ones yet */
  #cursor;
  /** @type {ReadonlySet<number> | undefined} what was found; undefined while nobody searches */
  #found;
  /** @type {{ live: readonly Listed[], selected: number | null }} */
  #shown = { live: [], selected: null };
  /** @type {number | null} */
  #scrolledTo = null;
  #search = /** @type {HTMLInputElement} */ (byId('coupon-search'));
  #status = /** @type {HTMLSelectElement} */ (byId('coupon-status'));
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  constructor() {
    const skeleton = [0, 1, 2].map(() => el('li', { class: 'skeleton', 'aria-hidden': 'true' }));
    byId('coupon-list').replaceChildren(...skeleton);
    const chosen = this.#status.value;
    const statuses = /** @type {const} */ (['OPEN', 'SCHEDULED', 'PAUSED', 'SOLD_OUT', 'ENDED']);
    const options = statuses.map((status) => el('option', { value: status }, t(status)));
    this.#status.replaceChildren(el('option', { value: '' }, t('anyStatus')), ...options);
    this.#status.value = chosen;
    if (this.#isSearching) this.searchSoon();
  }

  /**
   * @param {readonly Listed[]} live
   * @param {number | null} selected
   */
  show(live, selected) {
    this.#shown = { live, selected };
    const found = this.#found;
    const known = new Map(this.#asked);
    for (const coupon of live) known.set(coupon.couponId, coupon);
    const all = [...known.values()].filter(({ couponId }) => found?.has(couponId) ?? true).sort(newestFirst);
    const rows = all.map((coupon) => {
      const row = this.#rows.get(coupon.couponId) ?? new Row(coupon.couponId);
      this.#rows.set(coupon.couponId, row);
      row.show(coupon, coupon.couponId === selected);
      return row.element;
    });
    if (rows.length === 0)
      rows.push(el('li', { class: 'empty' }, found === undefined ? t('noCoupons') : t('noCouponFound')));
    arrange(byId('coupon-list'), rows);
    byId('older').hidden = this.#cursor === null || (found === undefined && live.length < PAGE);
    this.#scrollTo(selected);
  }

  /** Adds a page of older coupons, or of more that were found. */
  async showOlder() {
    if (this.#cursor === undefined && !(await this.#ask())) return;
    if (this.#cursor === null) return;
    await this.#ask(this.#cursor);
  }

  /** Looks for what is typed and chosen above the list, once nobody types on. */
  searchSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#searchNow(), TYPING_MS);
  }

  /** Once for each choice, and without moving the page: whoever scrolls the list wants to look elsewhere. @param {number | null} selected */
  #scrollTo(selected) {
    if (selected === null || selected === this.#scrolledTo) return;
    const row = this.#rows.get(selected)?.element;
    if (row?.isConnected !== true) return;
    this.#scrolledTo = selected;
    const list = byId('coupon-list');
    const [outer, inner] = [list.getBoundingClientRect(), row.getBoundingClientRect()];
    if (inner.top < outer.top || inner.bottom > outer.bottom) list.scrollTop += inner.top - outer.top;
    if (inner.left < outer.left || inner.right > outer.right) list.scrollLeft += inner.left - outer.left;
  }

  get #isSearching() {
    return this.#search.value.trim() !== '' || this.#status.value !== '';
  }

  async #searchNow() {
    this.#cursor = undefined;
    this.#found = this.#isSearching ? new Set() : undefined;
    if (this.#isSearching) await this.#ask();
    this.show(this.#shown.live, this.#shown.selected);
  }

  /**
   * Asks for a page of what is searched for, else of all; false where there was no answer.
   * @param {string} [cursor]
   */
  async #ask(cursor) {
    const asked = {
      q: this.#search.value.trim(),
      status: this.#status.value,
      cursor: cursor ?? '',
      limit: String(PAGE),
    };
    const query = new URLSearchParams(Object.entries(asked).filter(([, value]) => value !== ''));
    const found = this.#found;
    const page = await call(`api/coupons?${query}`);
    // Somebody has typed on meanwhile.
    if (found !== this.#found) return false;
    if (!page.ok) {
      toast(problemText(page), 'bad');
      return false;
    }
    this.#cursor = page.body.nextCursor;
    /** @type {Listed[]} */
    const coupons = page.body.coupons;
    for (const coupon of coupons) this.#asked.set(coupon.couponId, coupon);
    if (found !== undefined) this.#found = new Set([...found, ...coupons.map(({ couponId }) => couponId)]);
    return true;
  }
}
