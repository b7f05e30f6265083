/** The head of the page: is it live, is everyone well, and what that means for a drop. */
import { byId, el, icon, setAttribute, setText } from './dom.js';
import { ago, clock, milliseconds, number, t } from './language.js';
import { isLedgerRead, noticesFor } from './notices.js';

/** @import { Snapshot } from '../snapshot.js' */
/** @import { Shape } from './dom.js' */
/** @import { State } from './live-source.js' */
/** @typedef {{ item: HTMLElement, value: HTMLElement }} Chip */
/** @typedef {'true' | 'partly' | 'false' | 'unknown'} Up */

/** @type {Record<Up, Shape | null>} */
const SHAPE_OF = { true: 'check', partly: 'warning', false: 'cross', unknown: null };

export class Status {
  /** @type {Record<'redis' | 'database' | 'breaker', Chip>} */
  #chips;
  #said = '';

  constructor() {
    this.#chips = { redis: chip(t('redis')), database: chip(t('database')), breaker: chip(t('breaker')) };
    byId('health').replaceChildren(...Object.values(this.#chips).map(({ item }) => item));
  }

  /**
   * @param {State} state
   * @param {Snapshot | undefined} snapshot  the latest one
   * @param {number} ageMs  since it was heard
   */
  show(state, snapshot, ageMs) {
    setAttribute(byId('live'), 'data-state', state);
    setText(byId('live-text'), t(state));
    document.body.classList.toggle('lost', state === 'lost');
    if (snapshot !== undefined && state === 'live') this.#showHealth(snapshot);
    else for (const one of Object.values(this.#chips)) paint(one, 'unknown', t('unknown'));
    this.#say(noticesFor(state, snapshot));
    setText(byId('age'), ageOf(state, snapshot, ageMs));
    setText(
      byId('instance'),
      snapshot === undefined ? '' : t('instance', { instance: snapshot.instance, streams: number(snapshot.streams) }),
    );
  }

  /** @param {Snapshot} snapshot */
  #showHealth(snapshot) {
    const { redis, database, isAdmitting } = snapshot.health;
    for (const [one, { isUp, responseMs, reason }] of /** @type {const} */ ([
      [this.#chips.redis, redis],
      [this.#chips.database, database],
    ])) {
      paint(one, isUp ? 'true' : 'false', isUp ? milliseconds(responseMs) : down(reason));
    }
    if (!redis.isUp || !isAdmitting) paint(this.#chips.breaker, 'false', t('refusing'));
    else if (!database.isUp && !isLedgerRead(snapshot)) paint(this.#chips.breaker, 'partly', t('admittingSome'));
    else paint(this.#chips.breaker, 'true', t('admitting'));
  }

  /**
   * Only when there is something new: the region is read out.
   * @param {string[]} notices
   */
  #say(notices) {
    const said = notices.join('\n');
    if (said === this.#said) return;
    this.#said = said;
    byId('notices').replaceChildren(
      ...notices.map((text) => el('p', { class: 'notice', 'data-kind': 'bad' }, icon('warning'), el('span', {}, text))),
    );
  }
}

/**
 * How old what is shown is, where it is not of this second.
 * @param {State} state
 * @param {Snapshot | undefined} snapshot
 * @param {number} ageMs  since it was heard
 */
function ageOf(state, snapshot, ageMs) {
  if (snapshot === undefined) return '';
  if (state === 'lost') return t('shownIsAsOf', { ago: ago(ageMs) });
  const { ledgerAt } = snapshot.coupons;
  if (ledgerAt === null || isLedgerRead(snapshot)) return '';
  return t('ledgerIsAsOf', { ago: ago(snapshot.at - ledgerAt), time: clock(ledgerAt) });
}

/** The reason as the log and the metrics have it. @param {string | null} reason */
function down(reason) {
  return reason === null ? t('down') : `${t('down')} (${reason})`;
}

/**
 * @param {string} label
 * @returns {Chip}
 */
function chip(label) {
  const value = el('span', { class: 'value' }, '–');
  return {
    item: el(
      'li',
      { 'data-up': 'unknown' },
      el('span', { class: 'mark' }),
      el('span', { class: 'label' }, label),
      value,
    ),
    value,
  };
}

/**
 * @param {Chip} chip
 * @param {Up} up
 * @param {string} text
 */
function paint({ item, value }, up, text) {
  setText(value, text);
  if (item.dataset['up'] === up) return;
  item.dataset['up'] = up;
  const shape = SHAPE_OF[up];
  item.querySelector('.mark')?.replaceChildren(...(shape === null ? [] : [icon(shape)]));
}
