/** Reservations that failed for good, and another try for each. */
import { callAsAdmin } from './admin.js';
import { problemText } from './api.js';
import { el, setText } from './dom.js';
import { clock, number, t, textOf } from './language.js';
import { toast } from './toast.js';

/** @typedef {{ failureId: number, userId: number, sequenceNumber: number, reason: string, detail: string, failedAt: string, retriedAt: string | null }} Failure */

const SHOWN = 50;

export class Failures {
  #summary = el('p', { id: 'failures-summary' });
  #button = el('button', { id: 'failures', click: () => void this.#load() }, t('failuresShow'));
  #table = el('div', { class: 'table' });

  /** @param {number} couponId */
  constructor(couponId) {
    this.couponId = couponId;
    this.element = el(
      'section',
      { class: 'card', 'aria-labelledby': 'failures-title' },
      el('div', { class: 'card-head' }, el('h2', { id: 'failures-title' }, t('failures')), this.#button),
      this.#summary,
      this.#table,
    );
  }

  /** @param {number} open */
  show(open) {
    setText(this.#summary, open === 0 ? t('failuresNone') : t('failuresOpen', { count: number(open) }));
    this.#summary.className = open === 0 ? 'hint' : 'alarming';
  }

  async #load() {
    const answer = await callAsAdmin(`api/coupons/${this.couponId}/failures?limit=${SHOWN}`);
    this.#button.focus();
    if (answer === undefined) return;
    if (!answer.ok) return toast(problemText(answer), 'bad');
    setText(this.#button, t('failuresReload'));
    /** @type {{ failures: Failure[], nextCursor: string | null }} */
    const { failures, nextCursor } = answer.body;
    if (failures.length === 0) this.#table.replaceChildren(el('p', { class: 'hint' }, t('failuresEmpty')));
    else this.#table.replaceChildren(this.#tableOf(failures));
    if (nextCursor !== null) this.#table.append(el('p', { class: 'hint' }, t('failuresMore', { count: SHOWN })));
  }

  /** @param {Failure[]} failures */
  #tableOf(failures) {
    const head = [t('number'), t('user'), t('reason'), t('when'), ''].map((text) => el('th', { scope: 'col' }, text));
    return el(
      'table',
      {},
      el('thead', {}, el('tr', {}, ...head)),
      el('tbody', {}, ...failures.map((failure) => this.#rowOf(failure))),
    );
  }

  /** @param {Failure} failure */
  #rowOf({ failureId, userId, sequenceNumber, reason, detail, failedAt, retriedAt }) {
    const last = el('td', { class: 'end' });
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

    return el(
      'tr',
      {},
      el('td', {}, number(sequenceNumber)),
      el('td', {}, String(userId)),
      el('td', { title: detail }, textOf(reason, reason)),
      el('td', {}, clock(failedAt)),
      last,
    );
  }
}
