/** Reservations that failed for good, and another try for each, or for all of them. */
import { callAsAdmin } from './admin.js';
import { problemText } from './api.js';
import { confirm } from './dialog.js';
import { el, setText } from './dom.js';
import { clock, number, t, textOf } from './language.js';
import { PagedTable } from './paged-table.js';
import { rowOf } from './table.js';
import { toast } from './toast.js';

/** @typedef {{ failureId: number, userId: number, sequenceNumber: number, reason: string, detail: string, failedAt: string, retriedAt: string | null }} Failure */
/** @typedef {{ retried: number, alreadyIssued: number, soldOut: number, remaining: number }} RetryCounts */

export class Failures {
  #summary = el('p', { id: 'failures-summary' });
  #button = el('button', { id: 'failures', click: () => void this.#load() }, t('failuresShow'));
  #retryAll = el('button', { id: 'retry-all', hidden: true, click: () => void this.#tryAllAgain() }, t('retryAll'));
  /** @type {PagedTable<Failure>} */
  #table;
  #open = 0;

  /** @param {number} couponId */
  constructor(couponId) {
    this.couponId = couponId;
    this.#table = new PagedTable({
      path: `api/coupons/${couponId}/failures`,
      key: 'failures',
      label: 'failures',
      head: ['number', 'user', 'reason', 'when', ''],
      empty: 'failuresEmpty',
      rowOf: (failure) => this.#rowOf(failure),
    });
    this.element = el(
      'section',
      { class: 'card', 'aria-labelledby': 'failures-title' },
      el(
        'div',
        { class: 'card-head' },
        el('h2', { id: 'failures-title' }, t('failures')),
        el('div', { class: 'buttons' }, this.#retryAll, this.#button),
      ),
      this.#summary,
      this.#table.element,
    );
  }

  /** @param {number} open */
  show(open) {
    this.#open = open;
    setText(this.#summary, open === 0 ? t('failuresNone') : t('failuresOpen', { count: number(open) }));
    this.#summary.className = open === 0 ? 'hint' : 'alarming';
    this.#retryAll.hidden = open === 0;
  }

  async #load() {
    const isLoaded = await this.#table.load();
    this.#button.focus();
    if (isLoaded) setText(this.#button, t('reload'));
  }

  async #tryAllAgain() {
    const text = t('retryAllText', { count: number(this.#open) });
    if (!(await confirm({ title: t('retryAll'), text, go: t('retryAll') }))) return;
    this.#retryAll.disabled = true;
    const counts = await this.#retryUntilDone();
    this.#retryAll.disabled = false;
    if (counts === undefined) return;
    const { retried, alreadyIssued, soldOut, remaining } = counts;
    toast(
      t('retryAllDone', {
        retried: number(retried),
        alreadyIssued: number(alreadyIssued),
        soldOut: number(soldOut),
        remaining: number(remaining),
      }),
    );
    await this.#load();
  }

  /** One call does as much as it has time for. @returns {Promise<RetryCounts | undefined>} */
  async #retryUntilDone() {
    const sum = { retried: 0, alreadyIssued: 0, soldOut: 0, remaining: 0 };
    for (;;) {
      const answer = await callAsAdmin(`api/coupons/${this.couponId}/failures/retry`, { method: 'POST' });
      if (answer === undefined) return undefined;
      if (!answer.ok) {
        toast(problemText(answer), 'bad');
        return undefined;
      }
      const { retried, alreadyIssued, soldOut, remaining } = /** @type {RetryCounts} */ (answer.body);
      sum.retried += retried;
      sum.alreadyIssued += alreadyIssued;
      sum.soldOut += soldOut;
      sum.remaining = remaining;
      const hasAdvanced = retried + alreadyIssued > 0;
      if (remaining === 0 || !hasAdvanced || soldOut > 0) return sum;
    }
  }

  /** @param {Failure} failure */
  #rowOf({ failureId, userId, sequenceNumber, reason, detail, failedAt, retriedAt }) {
    const row = rowOf(number(sequenceNumber), String(userId), textOf(reason, reason), clock(failedAt));
    row.children[2]?.setAttribute('title', detail);
    const last = el('td', { class: 'end' });
    row.append(last);
    const done = (/** @type {string} */ time) =>
      last.replaceChildren(el('span', { class: 'hint' }, t('retriedAt', { time: clock(time) })));
    if (retriedAt !== null) done(retriedAt);
    else
      last.append(
        el('button', { 'aria-label': t('retryFor', { user: userId }), click: () => void retry() }, t('retry')),
      );

    const path = `api/coupons/${this.couponId}/failures/${failureId}/retry`;
    async function retry() {
      const button = /** @type {HTMLButtonElement} */ (last.firstElementChild);
      button.disabled = true;
      const answer = await callAsAdmin(path, { method: 'POST' });
      button.disabled = false;
      if (answer === undefined) return;
      if (!answer.ok) return toast(problemText(answer), 'bad');
      done(new Date().toISOString());
      toast(t('retryDone', { user: userId, number: number(answer.body.sequenceNumber) }));
    }

    return row;
  }
}
