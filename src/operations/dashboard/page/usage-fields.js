/** Until when, and on what, a coupon may be spent: fields that the forms share. */
import { el } from './dom.js';
import { localTime, NUMBER, TIME, timeOf } from './fields.js';
import { t } from './language.js';

/** @import { Field, fieldsOf } from './fields.js' */

/**
 * @typedef {object} UsageTerms  as the application shows them
 * @property {string} expiresAt  the end of the claim window
 * @property {number | null} discountRate
 * @property {boolean} isRedeemable
 * @property {number | null} usableDays
 * @property {string | null} usableUntil  never null where there are no days
 * @property {number | null} minOrderAmount
 * @property {number | null} maxDiscountAmount
 * @property {readonly number[] | null} productIds
 */

export class UsageFields {
  /**
   * @param {ReturnType<typeof fieldsOf>} make
   * @param {UsageTerms} [terms]  of the coupon there is
   */
  constructor({ check, input, select }, terms) {
    this.fields = {
      usable: select('usable', 'usable', { follows: 'usable_follows', days: 'usable_days', until: 'usable_until' }),
      usableDays: input('usableDays', 'usableDays', { ...NUMBER, max: 3650, value: textOf(terms?.usableDays) }),
      usableUntil: input('usableUntil', 'usableUntil', {
        ...TIME,
        value: typeof terms?.usableUntil === 'string' ? localTime(Date.parse(terms.usableUntil)) : '',
      }),
      isRedeemable: check('isRedeemable', 'isRedeemable', terms?.isRedeemable ?? true),
      minOrderAmount: input('minOrderAmount', 'minOrderAmount', { ...NUMBER, value: textOf(terms?.minOrderAmount) }),
      maxDiscountAmount: input('maxDiscountAmount', 'maxDiscountAmount', {
        ...NUMBER,
        value: textOf(terms?.maxDiscountAmount),
      }),
      productIds: input('productIds', 'productIds', {
        inputmode: 'numeric',
        autocomplete: 'off',
        value: (terms?.productIds ?? []).join(', '),
      }),
    };
    const { usable } = this.fields;
    usable.control.value = kindOf(terms);
    usable.control.addEventListener('change', () => this.#showKind());
    this.#showKind();
  }

  /** The fields in two groups. */
  get groups() {
    const { usable, usableDays, usableUntil, isRedeemable, ...conditions } = this.fields;
    return [
      group(
        t('spending'),
        el('div', { class: 'fields two' }, usable.row, usableDays.row, usableUntil.row),
        isRedeemable.row,
      ),
      group(
        t('conditions'),
        el('div', { class: 'fields' }, ...Object.values(conditions).map(({ row }) => row)),
        el('p', { class: 'hint' }, t('conditionsHint')),
      ),
    ];
  }

  /** Those in which a point in time must be given. */
  get times() {
    return this.fields.usable.control.value === 'until' ? [this.fields.usableUntil] : [];
  }

  /** What the fields say, as the application takes it; null is none. */
  get values() {
    const { usable, usableDays, usableUntil, isRedeemable, ...conditions } = this.fields;
    const kind = usable.control.value;
    const products = conditions.productIds.control.value.split(/[\s,;]+/).filter((word) => word !== '');
    return {
      usableDays: kind === 'days' ? numberIn(usableDays) : null,
      usableUntil: kind === 'until' ? timeIn(usableUntil) : null,
      isRedeemable: isRedeemable.control.checked,
      minOrderAmount: numberIn(conditions.minOrderAmount),
      maxDiscountAmount: numberIn(conditions.maxDiscountAmount),
      productIds: products.length === 0 ? null : products.map(Number),
    };
  }

  #showKind() {
    const { usable, usableDays, usableUntil } = this.fields;
    const kind = usable.control.value;
    usableDays.row.hidden = kind !== 'days';
    usableUntil.row.hidden = kind !== 'until';
    usableDays.control.required = kind === 'days';
  }
}

/** As far as the application tells: a time that is the end of the claim window follows it. @param {UsageTerms} [terms] */
function kindOf(terms) {
  if (terms === undefined) return 'follows';
  if (terms.usableDays !== null) return 'days';
  return terms.usableUntil === terms.expiresAt ? 'follows' : 'until';
}

/** @param {number | null | undefined} value */
function textOf(value) {
  return String(value ?? '');
}

/** @param {Field<HTMLInputElement>} field */
export function numberIn({ control }) {
  return control.value === '' ? null : Number(control.value);
}

/** @param {Field<HTMLInputElement>} field */
export function timeIn({ control }) {
  const time = timeOf(control);
  return time === undefined ? null : new Date(time).toISOString();
}

/**
 * @param {string} title
 * @param {...Node} contents
 */
export function group(title, ...contents) {
  return el('fieldset', {}, el('legend', {}, title), ...contents);
}
