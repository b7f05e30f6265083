/** The head of the page: is it live, is everyone well, and what that means for a drop. */
import { byId, el, icon, setAttribute, setText } from './dom.js';
import { clock, milliseconds, number, t } from './language.js';

/** @import { Dependency, Snapshot } from '../snapshot.js' */
/** @import { State } from './live-source.js' */
/** @typedef {{ item: HTMLElement, value: HTMLElement }} Chip */

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
   * @param {Snapshot | undefined} snapshot
   */
  show(state, snapshot) {
    setAttribute(byId('live'), 'data-state', state);
    setText(byId('live-text'), t(state));
    document.body.classList.toggle('lost', state === 'lost');
    if (snapshot !== undefined) this.#showHealth(snapshot);
    this.#say(noticesFor(state, snapshot));
    setText(
      byId('instance'),
      snapshot === undefined ? '' : t('instance', { instance: snapshot.instance, streams: number(snapshot.streams) }),
    );
  }

  /** @param {Snapshot} snapshot */
  #showHealth({ health }) {
    const { redis, database, isAdmitting } = health;
    paint(this.#chips.redis, redis.isUp, redis.isUp ? milliseconds(redis.responseMs) : down(redis));
    paint(this.#chips.database, database.isUp, database.isUp ? milliseconds(database.responseMs) : down(database));
    const isOpen = redis.isUp && isAdmitting;
    paint(this.#chips.breaker, isOpen, t(isOpen ? 'admitting' : 'refusing'));
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
 * @param {State} state
 * @param {Snapshot | undefined} snapshot
 * @returns {string[]}
 */
function noticesFor(state, snapshot) {
  if (snapshot === undefined) return state === 'lost' ? [t('neverConnected')] : [];
  if (state === 'lost') return [t('lostSince', { time: clock(snapshot.at) })];
  const { health, coupons } = snapshot;
  if (coupons.list === null) return [t('ledgerNotRead')];
  const time = clock(coupons.ledgerAt ?? snapshot.at);
  if (!health.redis.isUp && !health.database.isUp) return [t('bothDown', { time })];
  if (!health.redis.isUp) return [t('redisDown')];
  if (!health.database.isUp) return [t('databaseDown', { time })];
  return health.isAdmitting ? [] : [t('breakerOpen')];
}

/** The reason as the log and the metrics have it. @param {Dependency} dependency */
function down({ reason }) {
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
 * @param {boolean} isUp
 * @param {string} text
 */
function paint({ item, value }, isUp, text) {
  setText(value, text);
  if (item.dataset['up'] === String(isUp)) return;
  item.dataset['up'] = String(isUp);
  item.querySelector('.mark')?.replaceChildren(icon(isUp ? 'check' : 'cross'));
}
