/** Fields of the forms: a label, what one fills in, and what is wrong with it. */
import { el } from './dom.js';
import { browserZone, rangeElsewhere, t, textOf } from './language.js';
import { problemText } from './api.js';

/** @import { Answer, Problem } from './api.js' */
/** @import { TextKey } from './language.js' */
/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Control */

/** @template {Control} [C=Control] @typedef {{ path: string, label: TextKey, control: C, row: HTMLElement, refuse: (text: string) => void }} Field */

/** Attributes of a whole number from one on. */
export const NUMBER = { type: 'number', min: 1, inputmode: 'numeric' };
/** Attributes of a point in time. */
export const TIME = { type: 'datetime-local' };
/** A browser takes years of six digits, the application those of four. */
const LOCAL_TIME = /^[1-9]\d{3}-/;

/** Makes the fields of the form of this name. @param {string} name */
export function fieldsOf(name) {
  const idOf = (/** @type {string} */ path) => `${name}-${path}`;
  return {
    /**
     * @param {string} path  what the application calls the field
     * @param {TextKey} label
     * @param {Record<string, string | number | boolean>} attributes
     */
    input: (path, label, attributes) => field(path, label, el('input', { id: idOf(path), ...attributes })),
    /**
     * @param {string} path
     * @param {TextKey} label
     * @param {Record<string, string | number | boolean>} attributes
     */
    area: (path, label, attributes) => field(path, label, el('textarea', { id: idOf(path), ...attributes })),
    /**
     * @param {string} path
     * @param {TextKey} label
     * @param {Record<string, TextKey>} texts  of the options, by their values
     */
    select: (path, label, texts) => {
      const options = Object.entries(texts).map(([value, text]) => el('option', { value }, t(text)));
      return field(path, label, el('select', { id: idOf(path) }, ...options));
    },
    /**
     * @param {string} path
     * @param {TextKey} label
     * @param {boolean} checked
     */
    check: (path, label, checked) => {
      const control = el('input', { id: idOf(path), type: 'checkbox', checked });
      const made = field(path, label, control);
      made.row.className = 'check';
      made.row.prepend(control);
      return made;
    },
  };
}

/**
 * @template {Control} C
 * @param {string} path
 * @param {TextKey} label
 * @param {C} control
 * @returns {Field<C>}
 */
function field(path, label, control) {
  const wrong = el('span', { class: 'error', id: `${control.id}-error` });
  control.setAttribute('aria-describedby', wrong.id);
  const refuse = (/** @type {string} */ text) => {
    wrong.textContent = text;
    control.setAttribute('aria-invalid', String(text !== ''));
  };
  const row = el('div', { class: 'field' }, el('label', { for: control.id }, t(label)), control, wrong);
  return { path, label, control, refuse, row };
}

/**
 * Says beside each field what the application does not accept of it; what belongs to none, in `error`.
 * @param {readonly Field[]} fields
 * @param {Answer} answer
 * @param {HTMLElement} error
 * @param {HTMLElement} submit
 */
export function showProblem(fields, answer, error, submit) {
  for (const one of fields) one.refuse('');
  const problem = /** @type {Problem} */ (answer.body);
  const named = (problem.errors ?? []).flatMap(({ path, message }) => {
    const wrong = fields.find(({ path: own }) => own === path || own === ALIASES[path]);
    wrong?.refuse(textOf(`wrong_${wrong.path}`, message));
    return wrong ?? [];
  });
  const [first] = named;
  error.textContent = first === undefined ? problemText(answer) : '';
  if (first === undefined) submit.focus();
  else goTo(first);
}

/** One field of a form may be either of two of the application's. @type {Record<string, string>} */
const ALIASES = { discountRate: 'discountAmount' };

/**
 * Names those whose time the application could not take, and goes to the first; true where there are any.
 * @param {ReadonlyArray<Field<HTMLInputElement>>} times
 */
export function refuseTimes(times) {
  const wrong = times.filter(({ control }) => timeOf(control) === undefined);
  for (const { label, refuse } of wrong) refuse(t('wrongTime', { label: t(label) }));
  if (wrong[0] !== undefined) goTo(wrong[0]);
  return wrong.length > 0;
}

/** Also where it is folded away. @param {Pick<Field, 'control'>} field */
function goTo({ control }) {
  control.closest('details')?.setAttribute('open', '');
  control.focus();
}

/**
 * In ms since 1970; undefined when the application could not take it.
 * @param {HTMLInputElement} control
 */
export function timeOf({ value }) {
  const time = new Date(value).getTime();
  return LOCAL_TIME.test(value) && !Number.isNaN(time) ? time : undefined;
}

/**
 * As datetime-local wants it, in the time zone of this browser.
 * @param {number} time  ms since 1970
 */
export function localTime(time) {
  return new Date(time - new Date(time).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/**
 * Times are given in the zone of this browser: what that is where the business has another one.
 * @param {Field<HTMLInputElement>} from
 * @param {Field<HTMLInputElement>} to
 */
export function zoneHint(from, to) {
  const hint = el('p', { class: 'hint' });
  const show = () => {
    const times = [timeOf(from.control), timeOf(to.control)];
    const [first, last] = times;
    const elsewhere =
      first === undefined || last === undefined || last < first ? undefined : rangeElsewhere(first, last);
    const zone = t('yourTime', { zone: browserZone() });
    hint.textContent = elsewhere === undefined ? zone : `${zone} ${t('thatIs', { range: elsewhere })}`;
  };
  for (const { control } of [from, to]) control.addEventListener('input', show);
  show();
  return hint;
}
