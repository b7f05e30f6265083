/** The form that changes a coupon. Only what was changed is sent; what is allowed the application decides. */
import { callAsAdmin } from './admin.js';
import { call, problemText } from './api.js';
import { openForm } from './dialog.js';
import { el } from './dom.js';
import { fieldsOf, localTime, NUMBER, refuseTimes, showProblem, TIME, timeOf, zoneHint } from './fields.js';
import { t } from './language.js';
import { toast } from './toast.js';

/** @import { OpenForm } from './dialog.js' */
/** @import { Field } from './fields.js' */

/**
 * @typedef {object} Coupon  as the application shows it
 * @property {number} couponId
 * @property {string} name
 * @property {number} totalQuantity
 * @property {string} startsAt
 * @property {string} expiresAt
 * @property {number | null} discountRate
 * @property {boolean} isRedeemable
 * @property {number | null} usableDays
 * @property {string | null} usableUntil
 * @property {number | null} minOrderAmount
 * @property {number | null} maxDiscountAmount
 * @property {number[] | null} productIds
 */

/** @param {number} couponId */
export async function openChangeForm(couponId) {
  const answer = await call(`api/coupons/${couponId}`);
  if (answer.ok) new ChangeForm(answer.body).open();
  else toast(problemText(answer), 'bad');
}

class ChangeForm {
  /** @param {Coupon} coupon */
  constructor(coupon) {
    this.coupon = coupon;
    const { check, input, select } = fieldsOf('change');
    const { name, totalQuantity, startsAt, expiresAt, usableDays, usableUntil } = coupon;
    this.fields = {
      name: input('name', 'name', { required: true, maxlength: 255, autocomplete: 'off', value: name }),
      totalQuantity: input('totalQuantity', 'totalQuantity', { ...NUMBER, required: true, value: totalQuantity }),
      startsAt: input('startsAt', 'startsAt', { ...TIME, required: true, value: timeText(startsAt) }),
      expiresAt: input('expiresAt', 'expiresAt', { ...TIME, required: true, value: timeText(expiresAt) }),
      usable: select('usable', 'usable', { follows: 'usable_follows', days: 'usable_days', until: 'usable_until' }),
      usableDays: input('usableDays', 'usableDays', { ...NUMBER, max: 3650, value: numberText(usableDays) }),
      usableUntil: input('usableUntil', 'usableUntil', { ...TIME, value: timeText(usableUntil) }),
      isRedeemable: check('isRedeemable', 'isRedeemable', coupon.isRedeemable),
      minOrderAmount: input('minOrderAmount', 'minOrderAmount', {
        ...NUMBER,
        value: numberText(coupon.minOrderAmount),
      }),
      maxDiscountAmount: input('maxDiscountAmount', 'maxDiscountAmount', {
        ...NUMBER,
        value: numberText(coupon.maxDiscountAmount),
      }),
      productIds: input('productIds', 'productIds', {
        inputmode: 'numeric',
        autocomplete: 'off',
        value: (coupon.productIds ?? []).join(', '),
      }),
      applyToIssued: check('applyToIssued', 'applyToIssued', false),
    };
    this.fields.usable.control.value = usableDays !== null ? 'days' : usableUntil !== null ? 'until' : 'follows';
    this.before = this.#values();
  }

  open() {
    const { fields } = this;
    const endNow = () => {
      fields.expiresAt.control.value = localTime(Date.now());
      fields.expiresAt.control.dispatchEvent(new Event('input'));
      fields.expiresAt.control.focus();
    };
    const showUsable = () => {
      fields.usableDays.row.hidden = fields.usable.control.value !== 'days';
      fields.usableUntil.row.hidden = fields.usable.control.value !== 'until';
    };
    fields.usable.control.addEventListener('change', showUsable);
    showUsable();
    fields.maxDiscountAmount.row.hidden = this.coupon.discountRate === null;
    openForm(
      { title: t('changeTitle'), go: t('changeGo'), submit: (form) => void this.#change(form) },
      el('div', { class: 'fields two' }, fields.name.row, fields.totalQuantity.row),
      group(
        t('claimWindow'),
        el('div', { class: 'fields two' }, fields.startsAt.row, fields.expiresAt.row),
        zoneHint(fields.startsAt, fields.expiresAt),
        el('button', { type: 'button', id: 'end-now', click: endNow }, t('endNow')),
        el('p', { class: 'hint', id: 'ending-hint' }, t('endingHint')),
      ),
      group(
        t('spending'),
        el('div', { class: 'fields two' }, fields.usable.row, fields.usableDays.row, fields.usableUntil.row),
        fields.isRedeemable.row,
      ),
      group(
        t('conditions'),
        el('div', { class: 'fields' }, fields.minOrderAmount.row, fields.maxDiscountAmount.row, fields.productIds.row),
        el('p', { class: 'hint' }, t('conditionsHint')),
      ),
      fields.applyToIssued.row,
      el('p', { class: 'hint' }, t('applyToIssuedHint')),
    );
  }

  /** @param {OpenForm} form */
  async #change({ button, error, close }) {
    const all = Object.values(this.fields);
    for (const { refuse } of all) refuse('');
    if (refuseTimes(this.#times())) return;
    const body = this.#changes();
    if (Object.keys(body).length === 0) {
      error.textContent = t('nothingChanged');
      return button.focus();
    }
    button.disabled = true;
    const path = `api/coupons/${this.coupon.couponId}`;
    const answer = await callAsAdmin(path, { method: 'PATCH', body });
    button.disabled = false;
    if (answer === undefined) return button.focus();
    if (!answer.ok) return showProblem(all, answer, error, button);
    close();
    toast(t('changed', { name: answer.body.name }));
  }

  #times() {
    const { startsAt, expiresAt, usable, usableUntil } = this.fields;
    return usable.control.value === 'until' ? [startsAt, expiresAt, usableUntil] : [startsAt, expiresAt];
  }

  /** What the fields say, as the application takes it; null is none. */
  #values() {
    const { fields } = this;
    const kind = fields.usable.control.value;
    const products = fields.productIds.control.value.split(/[\s,;]+/).filter((word) => word !== '');
    return {
      name: fields.name.control.value,
      totalQuantity: numberIn(fields.totalQuantity),
      startsAt: timeIn(fields.startsAt),
      expiresAt: timeIn(fields.expiresAt),
      usableDays: kind === 'days' ? numberIn(fields.usableDays) : null,
      usableUntil: kind === 'until' ? timeIn(fields.usableUntil) : null,
      isRedeemable: fields.isRedeemable.control.checked,
      minOrderAmount: numberIn(fields.minOrderAmount),
      maxDiscountAmount: numberIn(fields.maxDiscountAmount),
      productIds: products.length === 0 ? null : products.map(Number),
    };
  }

  /** @returns {Record<string, unknown>} */
  #changes() {
    const before = new Map(Object.entries(this.before));
    const changed = Object.entries(this.#values()).filter(
      ([name, value]) => JSON.stringify(value) !== JSON.stringify(before.get(name)),
    );
    if (changed.length > 0 && this.fields.applyToIssued.control.checked) changed.push(['applyToIssued', true]);
    return Object.fromEntries(changed);
  }
}

/** @param {string | null} iso */
function timeText(iso) {
  return iso === null ? '' : localTime(Date.parse(iso));
}

/** @param {number | null} value */
function numberText(value) {
  return value === null ? '' : String(value);
}

/** @param {Field<HTMLInputElement>} field */
function numberIn({ control }) {
  return control.value === '' ? null : Number(control.value);
}

/** @param {Field<HTMLInputElement>} field */
function timeIn({ control }) {
  const time = timeOf(control);
  return time === undefined ? null : new Date(time).toISOString();
}

/**
 * @param {string} title
 * @param {...Node} contents
 */
function group(title, ...contents) {
  return el('fieldset', {}, el('legend', {}, title), ...contents);
}
