/** Why people were refused, by all instances: most often because it was sold out, which is how a drop should end. */
import { arrange, el, setText } from './dom.js';
import { number, t, textOf } from './language.js';

/** @import { Snapshot } from '../snapshot.js' */

export class Refusals {
  #list = el('ul', { class: 'reasons' });
  #note = el('p', { class: 'hint' });
  element = el(
    'section',
    { class: 'card', 'aria-labelledby': 'refusals-title' },
    el('h2', { id: 'refusals-title' }, t('refusals')),
    this.#list,
    this.#note,
  );
  /** @type {Map<string, { element: HTMLElement, count: HTMLElement }>} */
  #rows = new Map();

  /**
   * @param {Readonly<Record<string, number>>} refusals
   * @param {Snapshot} snapshot
   */
  show(refusals, { health, instance }) {
    const sorted = Object.entries(refusals).sort(([, a], [, b]) => b - a);
    const rows = sorted.map(([code, count]) => {
      const row = this.#rows.get(code) ?? newRow(code);
      this.#rows.set(code, row);
      setText(row.count, number(count));
      return row.element;
    });
    arrange(this.#list, rows);
    const note = rows.length === 0 ? t('refusalsNone') : t('refusalsNote');
    setText(this.#note, health.redis.isUp ? note : t('refusalsNoteAlone', { instance }));
  }
}

/** @param {string} code */
function newRow(code) {
  const count = el('span', { class: 'count' });
  return { element: el('li', {}, el('span', {}, textOf(code, code)), count), count };
}
