/** The audit of a coupon, with a verdict that needs no explanation, and the rebuild, which heals what it finds. */
import { callAsAdmin } from './admin.js';
import { problemText } from './api.js';
import { confirm } from './dialog.js';
import { el, icon } from './dom.js';
import { clock, number, t, textOf } from './language.js';
import { toast } from './toast.js';

/**
 * @typedef {object} AuditBody  what GET /api/coupons/{id}/audit answers
 * @property {boolean} consistent
 * @property {{ pending: number } | null} redis
 * @property {{ totalQuantity: number, rows: number, distinctUsers: number }} database
 * @property {Array<{ code: string, detail: string }>} violations
 */

export class Audit {
  #result = el('div', { class: 'verdict', role: 'status', id: 'verdict' }, el('p', { class: 'hint' }, t('auditHint')));
  #button = el('button', { id: 'audit', click: () => void this.#run() }, t('auditRun'));
  #rebuildButton = el('button', { id: 'rebuild', click: () => void this.#rebuild() }, t('rebuild'));

  /** @param {number} couponId */
  constructor(couponId) {
    this.couponId = couponId;
    this.element = el(
      'section',
      { class: 'card', 'aria-labelledby': 'audit-title' },
      el(
        'div',
        { class: 'card-head' },
        el('h2', { id: 'audit-title' }, t('audit')),
        el('div', { class: 'buttons' }, this.#rebuildButton, this.#button),
      ),
      this.#result,
    );
  }

  /** @param {'reservation' | 'lock'} strategy  one by row lock has nothing that could be rebuilt */
  show(strategy) {
    this.#rebuildButton.hidden = strategy === 'lock';
  }

  async #rebuild() {
    if (!(await confirm({ title: t('rebuildTitle'), text: t('rebuildText'), go: t('rebuild') }))) return;
    this.#rebuildButton.disabled = true;
    const answer = await callAsAdmin(`api/coupons/${this.couponId}/rebuild`, { method: 'POST' });
    this.#rebuildButton.disabled = false;
    this.#rebuildButton.focus();
    if (answer === undefined) return;
    if (answer.ok) toast(t('rebuilt'));
    else toast(problemText(answer), 'bad');
  }

  async #run() {
    this.#button.disabled = true;
    this.#result.replaceChildren(el('p', { class: 'hint' }, t('auditRunning')));
    const answer = await callAsAdmin(`api/coupons/${this.couponId}/audit`);
    this.#button.disabled = false;
    this.#button.focus();
    if (answer === undefined) this.#result.replaceChildren(el('p', { class: 'hint' }, t('auditHint')));
    else if (!answer.ok) this.#result.replaceChildren(verdict('bad', problemText(answer)));
    else this.#result.replaceChildren(...explain(answer.body));
  }
}

/**
 * @param {AuditBody} audit
 * @returns {Node[]}
 */
function explain({ consistent, redis, database, violations }) {
  const at = el('p', { class: 'hint' }, t('auditAt', { time: clock(Date.now()) }));
  if (!consistent) {
    const found = violations.map(({ code, detail }) =>
      el('li', {}, el('p', {}, textOf(code, code)), el('p', { class: 'hint' }, `${code}: ${detail}`)),
    );
    return [verdict('bad', t('auditBad')), el('ul', { class: 'violations' }, ...found), at];
  }
  const counts = {
    rows: number(database.rows),
    users: number(database.distinctUsers),
    total: number(database.totalQuantity),
  };
  const pending = redis?.pending ?? 0;
  return [
    verdict('good', t('auditGood')),
    el(
      'p',
      {},
      redis === null ? t('auditGoodLock', counts) : t('auditGoodWhy', counts),
      pending > 0 && ` ${t('auditPending', { pending: number(pending) })}`,
    ),
    at,
  ];
}

/**
 * @param {'good' | 'bad'} kind
 * @param {string} text
 */
function verdict(kind, text) {
  return el(
    'p',
    { class: 'sentence', 'data-kind': kind },
    icon(kind === 'good' ? 'check' : 'warning'),
    el('span', {}, text),
  );
}
