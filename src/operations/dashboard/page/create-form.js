/** The form for a new coupon. What is allowed is decided by the application, which names each field that is not. */
import { callAsAdmin } from './admin.js';
import { problemText } from './api.js';
import { el } from './dom.js';
import { browserZone, rangeElsewhere, t, textOf } from './language.js';
import { toast } from './toast.js';

/** @import { Answer } from './api.js' */
/** @import { TextKey } from './language.js' */

const WEEK_MS = 7 * 86_400_000;
const NUMBER = { type: 'number', required: true, min: 1, inputmode: 'numeric' };
const TIME = { type: 'datetime-local', required: true };
/** A browser takes years of six digits, the application those of four. */
const LOCAL_TIME = /^[1-9]\d{3}-/;

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
  const hint = el('p', { class: 'hint' });
  const error = el('p', { class: 'error', role: 'alert' });
  const submit = el('button', { class: 'primary', type: 'submit' }, t('createGo'));
  const form = el(
    'form',
    { method: 'dialog' },
    el('h2', { id: 'create-title' }, t('createTitle')),
    fields.name.row,
    el('div', { class: 'fields' }, fields.totalQuantity.row, fields.discount.row, fields.kind.row),
    el('div', { class: 'fields two' }, fields.startsAt.row, fields.expiresAt.row),
    hint,
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
  for (const { control } of [fields.startsAt, fields.expiresAt]) control.addEventListener('input', showZone);
  showZone();
  document.body.append(dialog);
  dialog.showModal();

  /** The times are given in the zone of this browser: what that is where the business has another one. */
  function showZone() {
    const [from, to] = [timeOf(fields.startsAt.control), timeOf(fields.expiresAt.control)];
    const elsewhere = from === undefined || to === undefined || to < from ? undefined : rangeElsewhere(from, to);
    const zone = t('yourTime', { zone: browserZone() });
    hint.textContent = elsewhere === undefined ? zone : `${zone} ${t('thatIs', { range: elsewhere })}`;
  }

  async function create() {
    const [startsAt, expiresAt] = [timeOf(fields.startsAt.control), timeOf(fields.expiresAt.control)];
    if (startsAt === undefined || expiresAt === undefined) return refuseTimes();
    submit.disabled = true;
    const answer = await callAsAdmin('api/coupons', { method: 'POST', body: draft(startsAt, expiresAt) });
    submit.disabled = false;
    if (answer === undefined) return submit.focus();
    if (!answer.ok) return showProblem(answer);
    dialog.close();
    toast(t('created', { name: answer.body.name }));
    onCreated(answer.body.couponId);
  }

  function refuseTimes() {
    for (const control of Object.values(fields)) control.refuse('');
    const times = [
      { time: fields.startsAt, label: t('startsAt') },
      { time: fields.expiresAt, label: t('expiresAt') },
    ];
    const wrong = times.filter(({ time }) => timeOf(time.control) === undefined);
    for (const { time, label } of wrong) time.refuse(t('wrongTime', { label }));
    wrong[0]?.time.control.focus();
  }

  /**
   * @param {number} startsAt
   * @param {number} expiresAt
   */
  function draft(startsAt, expiresAt) {
    const discount = Number(fields.discount.control.value);
    return {
      name: fields.name.control.value,
      totalQuantity: Number(fields.totalQuantity.control.value),
      ...(fields.kind.control.value === 'rate' ? { discountRate: discount } : { discountAmount: discount }),
      startsAt: new Date(startsAt).toISOString(),
      expiresAt: new Date(expiresAt).toISOString(),
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
 * In ms since 1970; undefined when the application could not take it.
 * @param {HTMLInputElement} control
 */
function timeOf({ value }) {
  const time = new Date(value).getTime();
  return LOCAL_TIME.test(value) && !Number.isNaN(time) ? time : undefined;
}

/**
 * As datetime-local wants it, in the time zone of this browser.
 * @param {number} time  ms since 1970
 */
function localTime(time) {
  return new Date(time - new Date(time).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
