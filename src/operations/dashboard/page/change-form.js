/** The form that changes a coupon. Only what was changed is sent; what is allowed the application decides. */
import { callAsAdmin } from './admin.js';
import { call, problemText } from './api.js';
import { openForm } from './dialog.js';
import { el } from './dom.js';
import { fieldsOf, localTime, NUMBER, refuseTimes, showProblem, TIME, zoneHint } from './fields.js';
import { number, t } from './language.js';
import { toast } from './toast.js';
import { group, numberIn, timeIn, UsageFields } from './usage-fields.js';

/** @import { OpenForm } from './dialog.js' */
/** @import { UsageTerms } from './usage-fields.js' */
/** @typedef {UsageTerms & { couponId: number, name: string, totalQuantity: number, startsAt: string }} Coupon  as the application shows it */

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
    const make = fieldsOf('change');
    const { check, input } = make;
    const { name, totalQuantity, startsAt, expiresAt } = coupon;
    this.fields = {
      name: input('name', 'name', { required: true, maxlength: 255, autocomplete: 'off', value: name }),
      totalQuantity: input('totalQuantity', 'totalQuantity', { ...NUMBER, required: true, value: totalQuantity }),
      startsAt: input('startsAt', 'startsAt', { ...TIME, required: true, value: localTime(Date.parse(startsAt)) }),
      expiresAt: input('expiresAt', 'expiresAt', { ...TIME, required: true, value: localTime(Date.parse(expiresAt)) }),
      applyToIssued: check('applyToIssued', 'applyToIssued', false),
    };
    this.usage = new UsageFields(make, coupon);
    this.before = this.#values();
  }

  open() {
    const { fields, usage } = this;
    const endNow = () => {
      fields.expiresAt.control.value = localTime(Date.now());
      fields.expiresAt.control.dispatchEvent(new Event('input'));
      fields.expiresAt.control.focus();
    };
    usage.fields.maxDiscountAmount.row.hidden = this.coupon.discountRate === null;
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
      ...usage.groups,
      fields.applyToIssued.row,
      el('p', { class: 'hint' }, t('applyToIssuedHint')),
    );
  }

  /** @param {OpenForm} form */
  async #change({ button, error, close }) {
    const { fields, usage } = this;
    const all = [...Object.values(fields), ...Object.values(usage.fields)];
    for (const { refuse } of all) refuse('');
    if (refuseTimes([fields.startsAt, fields.expiresAt, ...usage.times])) return;
    const body = this.#changes();
    if (Object.keys(body).length === 0) {
      error.textContent = t('nothingChanged');
      return button.focus();
    }
    button.disabled = true;
    let applied = 0;
    for (;;) {
      const answer = await callAsAdmin(`api/coupons/${this.coupon.couponId}`, { method: 'PATCH', body });
      if (answer?.ok !== true) {
        button.disabled = false;
        if (answer === undefined) return button.focus();
        return showProblem(all, answer, error, button);
      }
      // What is issued already takes as many calls as it has chunks for.
      const { name, appliedToIssued = 0, remainingToApply = 0 } = answer.body;
      applied += appliedToIssued;
      if (remainingToApply > 0) {
        error.textContent = t('stillApplying', { count: number(remainingToApply) });
        continue;
      }
      close();
      return toast(applied === 0 ? t('changed', { name }) : t('changedFor', { name, count: number(applied) }));
    }
  }

  /** What the fields say, as the application takes it; null is none. */
  #values() {
    const { name, totalQuantity, startsAt, expiresAt } = this.fields;
    return {
      name: name.control.value,
      totalQuantity: numberIn(totalQuantity),
      startsAt: timeIn(startsAt),
      expiresAt: timeIn(expiresAt),
      ...this.usage.values,
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
