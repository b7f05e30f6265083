/** Giving a coupon to people, whatever its window and its pause: never above the stock, and to nobody twice. */
import { callAsAdmin } from './admin.js';
import { problemText } from './api.js';
import { confirm, openForm } from './dialog.js';
import { el } from './dom.js';
import { fieldsOf } from './fields.js';
import { number, t } from './language.js';
import { inChunks, userIdsIn } from './user-ids.js';

/** @import { OpenForm } from './dialog.js' */

/** So many are given or taken back without a second question. */
export const MANY = 100;
const SHOWN_IDS = 20;
const OUTCOMES = /** @type {const} */ (['issued', 'alreadyIssued', 'soldOut', 'unknownUsers', 'pending']);

/** @typedef {Record<typeof OUTCOMES[number], number[]>} Granted */

/**
 * @param {{ couponId: number, name: string }} coupon
 * @param {() => void} changed  called after something was given
 */
export function openGrantForm({ couponId, name }, changed) {
  const users = fieldsOf('grant').area('userIds', 'userIds', { rows: 5, required: true, autofocus: true });
  const result = el('div', { class: 'result', role: 'status', id: 'grant-result' });
  openForm(
    { title: t('grantTitle', { name }), go: t('grantGo'), submit: (form) => void grant(form) },
    el('p', { class: 'hint' }, t('grantHint')),
    users.row,
    result,
  );

  /** @param {OpenForm} form */
  async function grant({ button, error }) {
    const { userIds, wrong } = userIdsIn(users.control.value);
    users.refuse(wrong === undefined ? '' : t('noUserId', { text: wrong }));
    if (wrong !== undefined || userIds.length === 0) return users.control.focus();
    const count = userIds.length;
    const question = { title: t('grantGo'), text: t('grantMany', { count: number(count), name }), go: t('grantGo') };
    if (count >= MANY && !(await confirm({ ...question, number: count }))) return;
    button.disabled = true;
    error.textContent = '';
    /** @type {Granted} */
    const sum = { issued: [], alreadyIssued: [], soldOut: [], unknownUsers: [], pending: [] };
    for (const chunk of inChunks(userIds)) {
      const answer = await callAsAdmin(`api/coupons/${couponId}/grants`, { method: 'POST', body: { userIds: chunk } });
      if (answer === undefined) break;
      if (!answer.ok) {
        error.textContent = problemText(answer);
        break;
      }
      for (const outcome of OUTCOMES) sum[outcome].push(...(answer.body[outcome] ?? []));
      result.replaceChildren(...linesOf(sum));
    }
    button.disabled = false;
    button.focus();
    if (sum.issued.length > 0) changed();
  }
}

/** @param {Granted} sum */
function linesOf(sum) {
  return OUTCOMES.filter((outcome) => sum[outcome].length > 0).map((outcome) => {
    const ids = outcome === 'issued' ? [] : sum[outcome];
    const more = ids.length > SHOWN_IDS ? ' …' : '';
    const named = ids.length === 0 ? '' : `: ${ids.slice(0, SHOWN_IDS).join(', ')}${more}`;
    return el('p', {}, `${t(`grant_${outcome}`, { count: number(sum[outcome].length) })}${named}`);
  });
}
