/** What operators did to the coupon: who, what, from what to what. */
import { el, setText } from './dom.js';
import { clock, t, textOf } from './language.js';
import { PagedTable } from './paged-table.js';
import { rowOf } from './table.js';

/** @typedef {{ actionId: number, at: string, actor: string, action: string, before: object | null, after: object | null, outcome: string }} Action */

export class Actions {
  #button = el('button', { id: 'actions', click: () => void this.#load() }, t('actionsShow'));
  /** @type {PagedTable<Action>} */
  #table = new PagedTable({
    path: 'api/admin/actions',
    key: 'actions',
    label: 'actions',
    head: ['when', 'actor', 'actionDone', 'actionChange', 'outcome'],
    empty: 'actionsEmpty',
    rowOf: ({ at, actor, action, before, after, outcome }) =>
      rowOf(clock(at), actor, action, changeText(before, after), textOf(`outcome ${outcome}`, outcome)),
  });

  /** @param {number} couponId */
  constructor(couponId) {
    this.couponId = couponId;
    this.element = el(
      'section',
      { class: 'card', 'aria-labelledby': 'actions-title' },
      el('div', { class: 'card-head' }, el('h2', { id: 'actions-title' }, t('actions')), this.#button),
      el('p', { class: 'hint' }, t('actionsHint')),
      this.#table.element,
    );
  }

  async #load() {
    const isLoaded = await this.#table.load({ couponId: String(this.couponId) });
    this.#button.focus();
    if (isLoaded) setText(this.#button, t('reload'));
  }
}

/** "isActive: true → false", and for what was not before "totalQuantity: 100". @type {(before: object | null, after: object | null) => string} */
function changeText(before, after) {
  const was = new Map(Object.entries(before ?? {}));
  const is = new Map(Object.entries(after ?? {}));
  const names = [...new Set([...was.keys(), ...is.keys()])];
  return names
    .map((name) => [
      name,
      [was.get(name), is.get(name)]
        .filter((value) => value !== undefined)
        .map(String)
        .join(' → '),
    ])
    .map(([name, change]) => `${name}: ${change}`)
    .join(', ');
}
