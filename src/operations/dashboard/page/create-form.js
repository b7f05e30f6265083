/** The form for a new coupon. What is allowed is decided by the application, which names each field that is not. */
import { callAsAdmin } from './admin.js';
import { problemText } from './api.js';
import { el } from './dom.js';
import { t, textOf } from './language.js';
import { toast } from './toast.js';

/** @import { Answer } from './api.js' */
/** @import { TextKey } from './language.js' */

const WEEK_MS = 7 * 86_400_000;
const NUMBER = { type: 'number', required: true, min: 1, inputmode: 'numeric' };
const TIME = { type: 'datetime-local', required: true };

/** @param {(couponId: number) => void} onCreated */
export function openCreateForm(onCreated) {
  const now = Date.now();
  const fields = {
    name: input('name', 'name', { required: true, maxlength: 255, autocomplete: 'off', autofocus: true }),
    totalQuantity: input('totalQuantity', 'totalQuantity', { ...NUMBER, max: 10_000_000, value: 1000 }),
    discount: input('discountAmount', 'discount', { ...NUMBER, value: 10 }),
    kind: select('discountKind', { rate: 'discountRate', amount: 'discountAmount' }),
    startsAt: input('startsAt', 'startsAt', { ...TIME, value: localTime(now) }),
    expiresAt: input('expiresAt', 'expiresAt', { ...TIME, value: localTime(now + WEEK_MS) }),
    audience: select('audience', { registered: 'audience_registered', anyone: 'audience_anyone' }),
    codeFormat: select('codeFormat', { none: 'code_none', alphanumeric: 'code_alphanumeric', hangul: 'code_hangul' }),
    strategy: select('strategy', { reservation: 'strategy_reservation', lock: 'strategy_lock' }),
  };
  const error = el('p', { class: 'error', role: 'alert' });
  const submit = el('button', { class: 'primary', type: 'submit' }, t('createGo'));
  const form = el(
    'form',
    { method: 'dialog' },
    el('h2', { id: 'create-title' }, t('createTitle')),
    fields.name.row,
    el('div', { class: 'fields' }, fields.totalQuantity.row, fields.discount.row, fields.kind.row),
    el('div', { class: 'fields two' }, fields.startsAt.row, fields.expiresAt.row),
    el('p', { class: 'hint' }, t('yourTime', { zone: Intl.DateTimeFormat().resolvedOptions().timeZone })),
    el(
      'details',
      {},
      el('summary', {}, t('more')),
      el('div', { class: 'fields' }, fields.audience.row, fields.codeFormat.row, fields.strategy.row),
    ),
    error,
    el('div', { class: 'actions' }, el('button', { type: 'button', click: () => dialog.close() }, t('cancel')), submit),
  );
  const dialog = el('dialog', { 'aria-labelledby': 'create-title', close: () => dialog.remove() }, form);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void create();
  });
  document.body.append(dialog);
  dialog.showModal();

  async function create() {
    submit.disabled = true;
    const answer = await callAsAdmin('api/coupons', { method: 'POST', body: draft() });
    submit.disabled = false;
    if (answer === undefined) return submit.focus();
    if (!answer.ok) return showProblem(answer);
    dialog.close();
    toast(t('created', { name: answer.body.name }));
    onCreated(answer.body.couponId);
  }

  function draft() {
    const discount = Number(fields.discount.control.value);
    return {
      name: fields.name.control.value,
      totalQuantity: Number(fields.totalQuantity.control.value),
      ...(fields.kind.control.value === 'rate' ? { discountRate: discount } : { discountAmount: discount }),
      startsAt: new Date(fields.startsAt.control.value).toISOString(),
      expiresAt: new Date(fields.expiresAt.control.value).toISOString(),
      audience: fields.audience.control.value,
      codeFormat: fields.codeFormat.control.value,
      strategy: fields.strategy.control.value,
    };
  }

  /** @param {Answer} answer */
  function showProblem(answer) {
    /** @type {Array<{ path: string, message: string }>} */
    const problems = answer.body.errors ?? [];
    const controls = Object.values(fields);
    for (const control of controls) control.refuse('');
    const named = problems.flatMap(({ path, message }) => {
      const wrong = controls.find(({ path: own }) => own === path.replace('discountRate', 'discountAmount'));
      wrong?.refuse(textOf(`wrong_${wrong.path}`, message));
      return wrong ?? [];
    });
    const [first] = named;
    error.textContent = first === undefined ? problemText(answer) : '';
    (first?.control ?? submit).focus();
  }
}

/**
 * @param {string} path  what the application calls the field
 * @param {TextKey} label
 * @param {Record<string, string | number | boolean>} attributes
 */
function input(path, label, attributes) {
  return field(path, label, el('input', { id: `new-${path}`, ...attributes }));
}

/**
 * @param {'discountKind' | 'audience' | 'codeFormat' | 'strategy'} path  its label is the text of this name
 * @param {Record<string, TextKey>} texts  of the options, by their values
 */
function select(path, texts) {
  const options = Object.entries(texts).map(([value, text]) => el('option', { value }, t(text)));
  return field(path, path, el('select', { id: `new-${path}` }, ...options));
}

/**
 * @template {HTMLInputElement | HTMLSelectElement} C
 * @param {string} path
 * @param {TextKey} label
 * @param {C} control
 */
function field(path, label, control) {
  const wrong = el('span', { class: 'error', id: `${control.id}-error` });
  control.setAttribute('aria-describedby', wrong.id);
  const refuse = (/** @type {string} */ text) => {
    wrong.textContent = text;
    control.setAttribute('aria-invalid', String(text !== ''));
  };
  return {
    path,
    control,
    refuse,
    row: el('div', { class: 'field' }, el('label', { for: control.id }, t(label)), control, wrong),
  };
}

/**
 * As datetime-local wants it, in the time zone of this browser.
 * @param {number} time  ms since 1970
 */
function localTime(time) {
  return new Date(time - new Date(time).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
