/** The language of the page, and how it writes texts, numbers, times and durations. */
import { address } from './address.js';
import { EN } from './texts-en.js';
import { KO } from './texts-ko.js';

/** @typedef {keyof typeof EN} TextKey */
/** @typedef {'en' | 'ko'} Language */

/** @type {Intl.DateTimeFormatOptions} */
const DAY_AND_TIME = { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };

const TEXTS = { en: EN, ko: KO };
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** @type {Language} */
let language = address.language ?? (navigator.language.startsWith('ko') ? 'ko' : 'en');
let formats = formatsOf(language);
apply();

/** @param {Language} wanted */
function formatsOf(wanted) {
  return {
    whole: new Intl.NumberFormat(wanted, { maximumFractionDigits: 0 }),
    fine: new Intl.NumberFormat(wanted, { maximumFractionDigits: 1 }),
    compact: new Intl.NumberFormat(wanted, { notation: 'compact', maximumFractionDigits: 1 }),
    clock: new Intl.DateTimeFormat(wanted, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }),
    day: new Intl.DateTimeFormat(wanted, DAY_AND_TIME),
    otherYear: new Intl.DateTimeFormat(wanted, { year: 'numeric', ...DAY_AND_TIME }),
  };
}

export function switchLanguage() {
  language = language === 'ko' ? 'en' : 'ko';
  formats = formatsOf(language);
  address.language = language;
  apply();
}

/** Writes the texts that stand in the page's own markup. */
function apply() {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll('[data-text]')) {
    element.textContent = t(/** @type {TextKey} */ (element.getAttribute('data-text')));
  }
  for (const element of document.querySelectorAll('[data-label]')) {
    element.setAttribute('aria-label', t(/** @type {TextKey} */ (element.getAttribute('data-label'))));
  }
}

/**
 * @param {TextKey} key
 * @param {Record<string, string | number>} [values]  what stands for {name} in the text
 */
export function t(key, values = {}) {
  return TEXTS[language][key].replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/**
 * The text for a code of the application, else the fallback: codes may be newer than this page.
 * @param {string} code
 * @param {string} fallback
 */
export function textOf(code, fallback) {
  return code in EN ? t(/** @type {TextKey} */ (code), { detail: fallback }) : fallback;
}

/** @param {number | null | undefined} value  a count, or a rate */
export function number(value) {
  if (value === null || value === undefined) return '–';
  return (Math.abs(value) < 100 ? formats.fine : formats.whole).format(value);
}

/**
 * Where there is no room for seven digits: 7,500, but 7.5M or 750만.
 * @param {number} value
 */
export function shortNumber(value) {
  return Math.abs(value) < 100_000 ? number(value) : formats.compact.format(value);
}

/** @param {number | string} time  ms since 1970, or ISO 8601 */
export function clock(time) {
  return formats.clock.format(new Date(time));
}

/** @param {number | string} time */
export function dayAndTime(time) {
  const date = new Date(time);
  return (date.getFullYear() === new Date().getFullYear() ? formats.day : formats.otherYear).format(date);
}

/** @param {number} ms */
export function duration(ms) {
  if (ms < SECOND) return t('underASecond');
  if (ms < 2 * MINUTE) return t('seconds', { n: number(Math.round(ms / SECOND)) });
  if (ms < 2 * HOUR) return t('minutesLong', { n: number(Math.round(ms / MINUTE)) });
  if (ms < 2 * DAY) return t('hours', { n: number(Math.round(ms / HOUR)) });
  return t('days', { n: number(Math.round(ms / DAY)) });
}

/** @param {number | null | undefined} ms */
export function milliseconds(ms) {
  return ms === null || ms === undefined ? '–' : t('ms', { value: number(ms) });
}
