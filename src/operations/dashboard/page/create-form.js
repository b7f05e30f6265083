/** The form for a new coupon. What is allowed is decided by the application, which names each field that is not. */
import { callAsAdmin } from './admin.js';
import { openForm } from './dialog.js';
import { el } from './dom.js';
import { fieldsOf, localTime, NUMBER, refuseTimes, showProblem, TIME, timeOf, zoneHint } from './fields.js';
import { t } from './language.js';
import { toast } from './toast.js';
import { UsageFields } from './usage-fields.js';

/** @import { OpenForm } from './dialog.js' */

const WEEK_MS = 7 * 86_400_000;

/** @param {(couponId: number) => void} onCreated */
export function openCreateForm(onCreated) {
  const now = Date.now();
  const make = fieldsOf('new');
  const { input, select } = make;
  const usage = new UsageFields(make);
  const fields = {
    name: input('name', 'name', { required: true, maxlength: 255, autocomplete: 'off', autofocus: true }),
    totalQuantity: input('totalQuantity', 'totalQuantity', { ...NUMBER, required: true, max: 10_000_000, value: 1000 }),
    discount: input('discountAmount', 'discount', { ...NUMBER, required: true, value: 10 }),
    kind: select('discountKind', 'discountKind', { rate: 'discountRate', amount: 'discountAmount' }),
    startsAt: input('startsAt', 'startsAt', { ...TIME, required: true, value: localTime(now) }),
    expiresAt: input('expiresAt', 'expiresAt', { ...TIME, required: true, value: localTime(now + WEEK_MS) }),
    audience: select('audience', 'audience', { registered: 'audience_registered', anyone: 'audience_anyone' }),
    codeFormat: select('codeFormat', 'codeFormat', {
      none: 'code_none',
      alphanumeric: 'code_alphanumeric',
      hangul: 'code_hangul',
    }),
    strategy: select('strategy', 'strategy', { reservation: 'strategy_reservation', lock: 'strategy_lock' }),
  };
  const all = [...Object.values(fields), ...Object.values(usage.fields)];
  openForm(
    { title: t('createTitle'), go: t('createGo'), submit: (form) => void create(form) },
    fields.name.row,
    el('div', { class: 'fields' }, fields.totalQuantity.row, fields.discount.row, fields.kind.row),
    el('div', { class: 'fields two' }, fields.startsAt.row, fields.expiresAt.row),
    zoneHint(fields.startsAt, fields.expiresAt),
    el(
      'details',
      {},
      el('summary', {}, t('more')),
      el('div', { class: 'fields' }, fields.audience.row, fields.codeFormat.row, fields.strategy.row),
      ...usage.groups,
    ),
  );

  /** @param {OpenForm} form */
  async function create({ button, error, close }) {
    for (const { refuse } of all) refuse('');
    if (refuseTimes([fields.startsAt, fields.expiresAt, ...usage.times])) return;
    button.disabled = true;
    const answer = await callAsAdmin('api/coupons', { method: 'POST', body: draft() });
    button.disabled = false;
    if (answer === undefined) return button.focus();
    if (!answer.ok) return showProblem(all, answer, error, button);
    close();
    toast(t('created', { name: answer.body.name }));
    onCreated(answer.body.couponId);
  }

  function draft() {
    const discount = Number(fields.discount.control.value);
    return {
      name: fields.name.control.value,
      totalQuantity: Number(fields.totalQuantity.control.value),
      ...(fields.kind.control.value === 'rate' ? { discountRate: discount } : { discountAmount: discount }),
      startsAt: new Date(timeOf(fields.startsAt.control) ?? Number.NaN).toISOString(),
      expiresAt: new Date(timeOf(fields.expiresAt.control) ?? Number.NaN).toISOString(),
      audience: fields.audience.control.value,
      codeFormat: fields.codeFormat.control.value,
      strategy: fields.strategy.control.value,
      ...usage.values,
    };
  }
}
