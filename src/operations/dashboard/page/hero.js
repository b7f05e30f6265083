/** The head of a coupon: what it is, how much is left, what is going on, and the button that stops it. */
import { callAsAdmin } from './admin.js';
import { problemText } from './api.js';
import { Badge } from './badge.js';
import { openChangeForm } from './change-form.js';
import { confirm } from './dialog.js';
import { el, icon, setAttribute, setText } from './dom.js';
import { clock, dayAndTime, dayAndTimeRange, duration, number, t } from './language.js';
import { isLedgerRead } from './notices.js';
import { toast } from './toast.js';

/** @import { CouponSnapshot, Snapshot } from '../snapshot.js' */
/** @import { Series } from './series.js' */

export class Hero {
  #badge = new Badge();
  #name = el('h1', { id: 'coupon-name' });
  #facts = el('p', { class: 'facts' });
  /** Disabled until they have something to pause, or to change. */
  #toggle = el('button', { id: 'toggle', disabled: true, click: () => void this.#pauseOrResume() });
  #change = el('button', { id: 'change', disabled: true, click: () => void this.#openChangeForm() }, t('change'));
  #remaining = el('strong', { id: 'remaining' });
  #ofTotal = el('span', { class: 'of' });
  #story = el('p', { class: 'story', id: 'story' });
  #issuedBar = el('span', { class: 'issued' });
  #pendingBar = el('span', { class: 'pending' });
  #bar = el('div', { class: 'bar', role: 'img' }, this.#issuedBar, this.#pendingBar);
  #counts = { issued: el('dd'), pending: el('dd'), left: el('dd') };
  /** @type {CouponSnapshot | undefined} */
  #coupon;

  constructor() {
    const counts = /** @type {const} */ (['issued', 'pending', 'left']).map((key) =>
      el('div', { 'data-part': key }, el('dt', {}, t(key)), this.#counts[key]),
    );
    this.element = el(
      'section',
      { class: 'card hero', 'aria-labelledby': 'coupon-name' },
      el(
        'div',
        { class: 'title' },
        el('div', {}, this.#name, this.#facts),
        el('div', { class: 'actions' }, this.#badge.element, this.#change, this.#toggle),
      ),
      el('p', { class: 'remaining' }, this.#remaining, ' ', this.#ofTotal),
      this.#bar,
      el('dl', { class: 'counts' }, ...counts),
      this.#story,
    );
  }

  /**
   * @param {CouponSnapshot} coupon
   * @param {Series} series
   * @param {Snapshot} snapshot
   */
  show(coupon, series, snapshot) {
    const { name, status, isActive, issuedQuantity, remainingQuantity, pending } = coupon;
    const capacity = capacityOf(coupon);
    if (this.#coupon === undefined) for (const button of [this.#toggle, this.#change]) button.disabled = false;
    this.#coupon = coupon;
    setText(this.#name, name);
    setText(this.#facts, factsOf(coupon));
    this.#badge.show(status);
    if (this.#toggle.dataset['active'] !== String(isActive)) {
      this.#toggle.dataset['active'] = String(isActive);
      // Who has paused it is to see how it goes on; to pause it is one of several things to do.
      this.#toggle.className = isActive ? '' : 'primary';
      this.#toggle.replaceChildren(icon(isActive ? 'pause' : 'play'), el('span', {}, t(isActive ? 'pause' : 'resume')));
    }
    setText(this.#remaining, number(remainingQuantity));
    setText(this.#ofTotal, t('leftOf', { total: number(capacity) }));
    this.#issuedBar.style.width = percent(issuedQuantity, capacity);
    this.#pendingBar.style.width = percent(pending ?? 0, capacity);
    const counts = {
      issued: number(issuedQuantity),
      pending: pending === null ? t('unknown') : number(pending),
      left: number(remainingQuantity),
    };
    setAttribute(this.#bar, 'aria-label', t('bar', { ...counts, total: number(capacity) }));
    setText(this.#counts.issued, counts.issued);
    setText(this.#counts.pending, counts.pending);
    setText(this.#counts.left, counts.left);
    setText(this.#story, storyOf(coupon, series, snapshot));
  }

  async #openChangeForm() {
    if (this.#coupon !== undefined) await openChangeForm(this.#coupon.couponId);
  }

  async #pauseOrResume() {
    const coupon = this.#coupon;
    if (coupon === undefined) return;
    const isActive = !coupon.isActive;
    const question = { title: t('pauseTitle', { name: coupon.name }), text: t('pauseText'), go: t('pause') };
    if (!isActive && !(await confirm(question))) return;
    this.#toggle.disabled = true;
    const answer = await callAsAdmin(`api/coupons/${coupon.couponId}`, { method: 'PATCH', body: { isActive } });
    this.#toggle.disabled = false;
    this.#toggle.focus();
    if (answer === undefined) return;
    if (answer.ok) toast(t(isActive ? 'resumed' : 'paused', { name: coupon.name }));
    else toast(problemText(answer), 'bad');
  }
}

/**
 * @param {number} part
 * @param {number} whole
 */
function percent(part, whole) {
  return `${Math.min(100, (100 * part) / whole)}%`;
}

/** What can be issued in all: a slot that was given back is offered again. @param {CouponSnapshot} coupon */
function capacityOf({ totalQuantity, returnedQuantity }) {
  return totalQuantity + returnedQuantity;
}

/** @param {CouponSnapshot} coupon */
function factsOf(coupon) {
  const { couponId, discountRate, discountAmount, startsAt, expiresAt, strategy, returnedQuantity, isRedeemable } =
    coupon;
  const discount =
    discountRate === null
      ? t('wonOff', { value: number(discountAmount) })
      : t('percentOff', { value: number(discountRate) });
  const facts = [t('couponId', { id: couponId }), discount, dayAndTimeRange(startsAt, expiresAt)];
  if (strategy === 'lock') facts.push(t('lockStrategy'));
  if (returnedQuantity > 0) facts.push(t('slotsGivenBack', { count: number(returnedQuantity) }));
  facts.push(isRedeemable ? useByOf(coupon) : t('notRedeemable'));
  return facts.filter((fact) => fact !== '').join(' · ');
}

/** Nothing where it is the end of the claim window. @param {CouponSnapshot} coupon */
function useByOf({ usableDays, usableUntil, expiresAt }) {
  if (usableDays !== null) return t('useByDays', { n: number(usableDays) });
  return usableUntil === null || usableUntil === expiresAt ? '' : t('useByTime', { when: dayAndTime(usableUntil) });
}

/**
 * One sentence for someone who looks up from something else.
 * @param {CouponSnapshot} coupon
 * @param {Series} series
 * @param {Snapshot} snapshot
 */
function storyOf(coupon, series, snapshot) {
  if (coupon.status === 'PAUSED') return t('storyPaused');
  if (coupon.status === 'SCHEDULED')
    return t('storyScheduled', { time: duration(Date.parse(coupon.startsAt) - snapshot.at) });
  if (coupon.status === 'ENDED') return t('storyEnded', { when: dayAndTime(coupon.expiresAt) });
  if (coupon.status === 'SOLD_OUT') {
    const end = series.soldOut(capacityOf(coupon));
    return end === undefined
      ? t('storySoldOut')
      : t('storySoldOutAfter', { when: clock(end.at), time: duration(end.afterMs) });
  }
  if (coupon.isLoaded === null) return t('storyNoRedis');
  if (!coupon.isLoaded) return t('storyClosed');
  if (!snapshot.health.database.isUp) return t(storyWithoutDatabase(coupon, snapshot));
  const pace = series.pace();
  return pace > 0
    ? t('storyPace', { time: duration(Math.max(1000, (1000 * coupon.remainingQuantity) / pace)) })
    : t('storyOpen');
}

/**
 * @param {CouponSnapshot} coupon
 * @param {Snapshot} snapshot
 */
function storyWithoutDatabase({ strategy, audience }, snapshot) {
  if (strategy === 'lock') return 'storyNoDatabase';
  return audience === 'registered' && !isLedgerRead(snapshot) ? 'storyKnownOnly' : 'storyPendingOnly';
}
