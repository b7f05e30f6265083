/** The language of the page, and how it writes texts, numbers, times and durations. */
import { address } from './address.js';
import { EN } from './texts-en.js';
import { KO } from './texts-ko.js';

/** @typedef {keyof typeof EN} TextKey */
/** @typedef {'en' | 'ko'} Language */

/** @type {Intl.DateTimeFormatOptions} */
const DAY_AND_TIME = { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' };

/** @type {Intl.DateTimeFormatOptions} */
const TIME = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' };

const TEXTS = { en: EN, ko: KO };
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** @type {Language} */
let language = address.language ?? (navigator.language.startsWith('ko') ? 'ko' : 'en');
/** @type {string | undefined} of the business; that of this browser until the application has told its own */
let timeZone;
let formats = formatsOf(language);
apply();

/** @param {Language} wanted */
function formatsOf(wanted) {
  return {
    whole: new Intl.NumberFormat(wanted, { maximumFractionDigits: 0 }),
    fine: new Intl.NumberFormat(wanted, { maximumFractionDigits: 1 }),
    compact: new Intl.NumberFormat(wanted, { notation: 'compact', maximumFractionDigits: 1 }),
    business: timesOf(wanted, timeZone),
    browser: timesOf(wanted, undefined),
  };
}

/**
 * @param {Language} wanted
 * @param {string | undefined} zone  undefined: of this browser
 */
function timesOf(wanted, zone) {
  const format = (/** @type {Intl.DateTimeFormatOptions} */ options) =>
    new Intl.DateTimeFormat(wanted, { ...options, ...(zone !== undefined && { timeZone: zone }) });
  return {
    clock: format(TIME),
    axisDay: format(DAY_AND_TIME),
    day: format({ ...DAY_AND_TIME, timeZoneName: 'short' }),
    otherYear: format({ year: 'numeric', ...DAY_AND_TIME, timeZoneName: 'short' }),
    zone: format({ timeZoneName: 'short' }),
  };
}

/**
 * Writes times in this time zone from now on, and beside it in that of the browser where the two differ. One that this
 * browser does not know changes nothing.
 * @param {string} zone
 */
export function writeTimesIn(zone) {
  if (zone === timeZone || !isKnown(zone)) return;
  timeZone = zone;
  formats = formatsOf(language);
}

/** @param {string} zone */
function isKnown(zone) {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).format() !== '';
  } catch {
    return false;
  }
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
  for (const element of document.querySelectorAll('[data-hint]')) {
    element.setAttribute('placeholder', t(/** @type {TextKey} */ (element.getAttribute('data-hint'))));
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

/**
 * With its time zone: 21:00:00 GMT+9 (12:00:00 UTC).
 * @param {number | string} time  ms since 1970, or ISO 8601
 */
export function clock(time) {
  return inBothZones(({ clock: format, zone }) => `${format.format(new Date(time))} ${nameOf(zone, new Date(time))}`);
}

/**
 * Where the time zone stands beside, see {@link zoneName}.
 * @param {number} time
 * @param {number} spanMs  how long the axis is: with the day where it is longer than one
 */
export function timeOnAxis(time, spanMs) {
  const { clock: ofDay, axisDay } = formats.business;
  return (spanMs < DAY ? ofDay : axisDay).format(new Date(time));
}

/** @param {number | string} time */
export function dayAndTime(time) {
  return inBothZones((formatsOfZone) => dayFormat(formatsOfZone, time).format(new Date(time)));
}

/**
 * @param {number | string} from
 * @param {number | string} to  not before `from`
 */
export function dayAndTimeRange(from, to) {
  return inBothZones((formatsOfZone) => range(formatsOfZone, from, to));
}

/**
 * The range in the time zone of the business; undefined where the browser has the same.
 * @param {number | string} from
 * @param {number | string} to  not before `from`
 */
export function rangeElsewhere(from, to) {
  const text = range(formats.business, from, to);
  return text === range(formats.browser, from, to) ? undefined : text;
}

/**
 * As it is at this time: Asia/Seoul, GMT+9 (here UTC).
 * @param {number} time
 */
export function zoneName(time) {
  const [name, own] = [formats.business, formats.browser].map(({ zone }) => nameOf(zone, new Date(time)));
  const zone = `${timeZone ?? browserZone()}, ${name}`;
  return name === own ? zone : t('zoneAndHere', { zone, here: own ?? '' });
}

/** The name of the time zone of this browser. */
export function browserZone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/**
 * Of the time zone of this format: KST, GMT+9.
 * @param {Intl.DateTimeFormat} zone
 * @param {Date} date
 */
function nameOf(zone, date) {
  return zone.formatToParts(date).find(({ type }) => type === 'timeZoneName')?.value ?? '';
}

/** @param {(formatsOfZone: ReturnType<typeof timesOf>) => string} write */
function inBothZones(write) {
  const [business, browser] = [write(formats.business), write(formats.browser)];
  return business === browser ? business : `${business} (${browser})`;
}

/**
 * @param {ReturnType<typeof timesOf>} formatsOfZone
 * @param {...(number | string)} times
 */
function dayFormat({ day, otherYear }, ...times) {
  const year = new Date().getFullYear();
  return times.every((time) => new Date(time).getFullYear() === year) ? day : otherYear;
}

/**
 * @param {ReturnType<typeof timesOf>} formatsOfZone
 * @param {number | string} from
 * @param {number | string} to
 */
function range(formatsOfZone, from, to) {
  return dayFormat(formatsOfZone, from, to).formatRange(new Date(from), new Date(to));
}

/** @param {number} ms */
export function duration(ms) {
  if (ms < SECOND) return t('underASecond');
  if (ms < 2 * MINUTE) return t('seconds', { n: number(Math.round(ms / SECOND)) });
  if (ms < 2 * HOUR) return t('minutesLong', { n: number(Math.round(ms / MINUTE)) });
  if (ms < 2 * DAY) return t('hours', { n: number(Math.round(ms / HOUR)) });
  return t('days', { n: number(Math.round(ms / DAY)) });
}

/** @param {number} ms */
export function ago(ms) {
  return t('ago', { time: duration(Math.max(0, ms)) });
}

/** @param {number | null | undefined} ms */
export function milliseconds(ms) {
  return ms === null || ms === undefined ? '–' : t('ms', { value: number(ms) });
}
