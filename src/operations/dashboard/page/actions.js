/** What operators did to the coupon: who, what, from what to what. */
import { callAsAdmin } from './admin.js';
import { problemText } from './api.js';
import { el, setText } from './dom.js';
import { clock, t, textOf } from './language.js';
import { toast } from './toast.js';

/** @typedef {{ actionId: number, at: string, actor: string, action: string, before: object | null, after: object | null, outcome: string }} Action */

const SHOWN = 50;

export class Actions {
  #button = el('button', { id: 'actions', click: () => void this.#load() }, t('actionsShow'));
  #table = el('div', { class: 'table' });

  /** @param {number} couponId */
  constructor(couponId) {
    this.couponId = couponId;
    this.element = el(
      'section',
      { class: 'card', 'aria-labelledby': 'actions-title' },
      el('div', { class: 'card-head' }, el('h2', { id: 'actions-title' }, t('actions')), this.#button),
      el('p', { class: 'hint' }, t('actionsHint')),
      this.#table,
    );
  }

  async #load() {
    const answer = await callAsAdmin(`api/admin/actions?couponId=${this.couponId}&limit=${SHOWN}`);
    this.#button.focus();
    if (answer === undefined) return;
    if (!answer.ok) return toast(problemText(answer), 'bad');
    setText(this.#button, t('actionsReload'));
    /** @type {{ actions: Action[], nextCursor: string | null }} */
    const { actions, nextCursor } = answer.body;
    if (actions.length === 0) this.#table.replaceChildren(el('p', { class: 'hint' }, t('actionsEmpty')));
    else this.#table.replaceChildren(tableOf(actions));
    if (nextCursor !== null) this.#table.append(el('p', { class: 'hint' }, t('actionsMore', { count: SHOWN })));
  }
}

/** @param {Action[]} actions */
function tableOf(actions) {
  const head = [t('when'), t('actor'), t('actionDone'), t('actionChange'), t('outcome')];
  return el(
    'table',
    {},
    el('thead', {}, el('tr', {}, ...head.map((text) => el('th', { scope: 'col' }, text)))),
    el('tbody', {}, ...actions.map(rowOf)),
  );
}

/** @param {Action} action */
function rowOf({ at, actor, action, before, after, outcome }) {
  return el(
    'tr',
    {},
    el('td', {}, clock(at)),
    el('td', {}, actor),
    el('td', {}, action),
    el('td', {}, changeText(before, after)),
    el('td', {}, textOf(`outcome ${outcome}`, outcome)),
  );
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
