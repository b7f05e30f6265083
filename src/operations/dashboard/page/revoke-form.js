/** Taking a coupon back from people. Who has spent it keeps what it was spent on. */
import { callAsAdmin } from './admin.js';
import { problemText } from './api.js';
import { confirm, openForm } from './dialog.js';
import { el } from './dom.js';
import { fieldsOf } from './fields.js';
import { MANY } from './grant-form.js';
import { number, t } from './language.js';
import { inChunks, userIdsIn } from './user-ids.js';

/** @import { OpenForm } from './dialog.js' */

const OUTCOMES = /** @type {const} */ (['revoked', 'alreadyRevoked', 'used', 'notIssued', 'slotsReturned']);

/** @typedef {Record<typeof OUTCOMES[number], number>} Revoked */

/**
 * @param {{ couponId: number, name: string, issuedQuantity: number }} coupon
 * @param {() => void} changed  called after something was taken back
 * @param {number} [userId]  whom it is to be taken from
 */
export function openRevokeForm({ couponId, name, issuedQuantity }, changed, userId) {
  const { area, check, input, select } = fieldsOf('revoke');
  const fields = {
    whom: select('whom', 'revokeWhom', { users: 'revokeUsers', all: 'revokeAllUnused' }),
    users: area('userIds', 'userIds', { rows: 4 }),
    reason: input('reason', 'revokeReason', { required: true, maxlength: 200, autocomplete: 'off', autofocus: true }),
    returnSlots: check('returnSlots', 'returnSlots', true),
  };
  fields.users.control.value = userId === undefined ? '' : String(userId);
  const result = el('div', { class: 'result', role: 'status', id: 'revoke-result' });
  const isOfAll = () => fields.whom.control.value === 'all';
  fields.whom.control.addEventListener('change', () => (fields.users.row.hidden = isOfAll()));
  openForm(
    { title: t('revokeTitle', { name }), go: t('revokeGo'), isDangerous: true, submit: (form) => void revoke(form) },
    el('p', { class: 'hint' }, t('revokeHint')),
    fields.whom.row,
    fields.users.row,
    fields.reason.row,
    fields.returnSlots.row,
    result,
  );

  /** @param {OpenForm} form */
  async function revoke({ button, error }) {
    const { userIds, wrong } = isOfAll() ? { userIds: [], wrong: undefined } : userIdsIn(fields.users.control.value);
    fields.users.refuse(wrong === undefined ? '' : t('noUserId', { text: wrong }));
    if (wrong !== undefined || (!isOfAll() && userIds.length === 0)) return fields.users.control.focus();
    const count = isOfAll() ? issuedQuantity : userIds.length;
    const text = isOfAll()
      ? t('revokeAllText', { count: number(count), name })
      : t('revokeMany', { count: number(count), name });
    const question = { title: t('revokeGo'), text, go: t('revokeGo') };
    if ((isOfAll() || count >= MANY) && !(await confirm({ ...question, number: count }))) return;
    button.disabled = true;
    error.textContent = '';
    const rest = { reason: fields.reason.control.value, returnSlots: fields.returnSlots.control.checked };
    const bodies = isOfAll()
      ? [{ allUnused: true, ...rest }]
      : inChunks(userIds).map((ids) => ({ userIds: ids, ...rest }));
    /** @type {Revoked} */
    const sum = { revoked: 0, alreadyRevoked: 0, used: 0, notIssued: 0, slotsReturned: 0 };
    for (const body of bodies) {
      if (!(await untilDone(body, sum, error))) break;
    }
    button.disabled = false;
    button.focus();
    if (sum.revoked > 0) changed();
  }

  /**
   * One call does as much as it has time for.
   * @param {object} body
   * @param {Revoked} sum
   * @param {HTMLElement} error
   */
  async function untilDone(body, sum, error) {
    const before = { ...sum };
    for (let revoked = 0, slots = 0; ;) {
      const answer = await callAsAdmin(`api/coupons/${couponId}/revocations`, { method: 'POST', body });
      if (answer === undefined) return false;
      if (!answer.ok) {
        error.textContent = problemText(answer);
        return false;
      }
      const { remaining, ...counts } = /** @type {Revoked & { remaining: number }} */ (answer.body);
      // Those that a call before has taken back are told of as taken back already.
      const earlier = revoked;
      revoked += counts.revoked;
      slots += counts.slotsReturned;
      sum.revoked = before.revoked + revoked;
      sum.slotsReturned = before.slotsReturned + slots;
      sum.alreadyRevoked = before.alreadyRevoked + Math.max(0, counts.alreadyRevoked - earlier);
      sum.used = before.used + counts.used;
      sum.notIssued = before.notIssued + counts.notIssued;
      result.replaceChildren(...linesOf(sum));
      if (remaining === 0) return true;
      result.append(el('p', {}, t('revoke_remaining', { count: number(remaining) })));
    }
  }
}

/** @param {Revoked} sum */
function linesOf(sum) {
  return OUTCOMES.filter((outcome) => outcome === 'revoked' || sum[outcome] > 0).map((outcome) =>
    el('p', {}, t(`revoke_${outcome}`, { count: number(sum[outcome]) })),
  );
}
