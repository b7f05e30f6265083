/** Who holds the coupon: found by user and by state, and all of them as a file; and giving and taking back. */
import { callAsAdmin } from './admin.js';
import { problemText } from './api.js';
import { el, setText } from './dom.js';
import { fieldsOf } from './fields.js';
import { openGrantForm } from './grant-form.js';
import { clock, number, t, textOf } from './language.js';
import { PagedTable } from './paged-table.js';
import { openRevokeForm } from './revoke-form.js';
import { rowOf } from './table.js';
import { toast } from './toast.js';

/** @import { CouponSnapshot } from '../snapshot.js' */
/** @typedef {{ userCouponId: number, userId: number, sequenceNumber: number, code: string | null, status: string, issuedAt: string, usedAt: string | null, revokedAt: string | null, expiresAt: string }} Holder */

const STATUSES = /** @type {const} */ ({
  '': 'anyStatus',
  AVAILABLE: 'AVAILABLE',
  USED: 'USED',
  EXPIRED: 'EXPIRED',
  REVOKED: 'REVOKED',
});

export class Holders {
  #show = el('button', { id: 'holders', type: 'submit' }, t('holdersShow'));
  #file = el('button', { id: 'holders-file', type: 'button', click: () => void this.#download() }, t('holdersFile'));
  #user = fieldsOf('holders').input('userId', 'user', {
    type: 'text',
    inputmode: 'numeric',
    pattern: '\\d*',
    autocomplete: 'off',
  });
  #status = fieldsOf('holders').select('status', 'status', STATUSES);
  /** @type {PagedTable<Holder>} */
  #table;
  /** @type {CouponSnapshot | undefined} */
  #coupon;

  /** @param {number} couponId */
  constructor(couponId) {
    this.couponId = couponId;
    this.#table = new PagedTable({
      path: `api/coupons/${couponId}/user-coupons`,
      key: 'userCoupons',
      label: 'holders',
      head: ['number', 'user', 'status', 'code', 'issuedAt', 'usableUntil', ''],
      empty: 'holdersEmpty',
      rowOf: (holder) => this.#rowOf(holder),
    });
    const search = el('form', { class: 'search' }, this.#user.row, this.#status.row, this.#show);
    search.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#load();
    });
    const give = el('button', { id: 'grant', click: () => this.#give() }, t('grantOpen'));
    const take = el('button', { id: 'revoke', click: () => this.#take() }, t('revokeOpen'));
    this.element = el(
      'section',
      { class: 'card', 'aria-labelledby': 'holders-title' },
      el(
        'div',
        { class: 'card-head' },
        el('h2', { id: 'holders-title' }, t('holders')),
        el('div', { class: 'buttons' }, give, take, this.#file),
      ),
      search,
      this.#table.element,
    );
  }

  /** @param {CouponSnapshot} coupon */
  show(coupon) {
    this.#coupon = coupon;
  }

  async #load() {
    const asked = { userId: this.#user.control.value.trim(), status: this.#status.control.value };
    const query = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== ''));
    const isLoaded = await this.#table.load(query);
    if (isLoaded) setText(this.#show, t('search'));
  }

  async #download() {
    this.#file.disabled = true;
    setText(this.#file, t('holdersLoading'));
    const answer = await callAsAdmin(`api/coupons/${this.couponId}/user-coupons.csv`, { isFile: true });
    this.#file.disabled = false;
    setText(this.#file, t('holdersFile'));
    this.#file.focus();
    if (answer === undefined) return;
    if (!answer.ok) return toast(problemText(answer), 'bad');
    const url = URL.createObjectURL(answer.body);
    el('a', { href: url, download: `coupon-${this.couponId}.csv` }).click();
    // Not before the browser has begun to save it.
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }

  #give() {
    if (this.#coupon !== undefined) openGrantForm(this.#coupon, () => void this.#load());
  }

  /** @param {number} [userId] */
  #take(userId) {
    if (this.#coupon !== undefined) openRevokeForm(this.#coupon, () => void this.#load(), userId);
  }

  /** @param {Holder} holder */
  #rowOf({ userId, sequenceNumber, code, status, issuedAt, usedAt, revokedAt, expiresAt }) {
    const since = revokedAt ?? usedAt;
    const state = textOf(status, status);
    const row = rowOf(
      number(sequenceNumber),
      String(userId),
      since === null ? state : `${state} (${clock(since)})`,
      code ?? '–',
      clock(issuedAt),
      clock(expiresAt),
    );
    const label = t('revokeFrom', { user: userId });
    const button = el('button', { 'aria-label': label, click: () => this.#take(userId) }, t('revokeShort'));
    row.append(el('td', { class: 'end' }, revokedAt === null && button));
    return row;
  }
}
