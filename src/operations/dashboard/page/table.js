/** Tables that are wider than a phone: they scroll by themselves, by the keyboard as well. */
import { el } from './dom.js';
import { t } from './language.js';

/** @import { Child } from './dom.js' */
/** @import { TextKey } from './language.js' */

/**
 * @param {TextKey} label  what the table is of
 * @param {ReadonlyArray<TextKey | ''>} head  '' is a column of buttons, which stays on the screen
 * @param {readonly HTMLTableRowElement[]} rows
 */
export function tableOf(label, head, rows) {
  const cells = head.map((text) => (text === '' ? el('td', { class: 'end' }) : el('th', { scope: 'col' }, t(text))));
  return el(
    'div',
    { class: 'table', role: 'group', tabindex: 0, 'aria-label': t(label) },
    el('table', {}, el('thead', {}, el('tr', {}, ...cells)), el('tbody', {}, ...rows)),
  );
}

/** @param {...Child} contents  of each cell */
export function rowOf(...contents) {
  return el('tr', {}, ...contents.map((content) => el('td', {}, content)));
}
