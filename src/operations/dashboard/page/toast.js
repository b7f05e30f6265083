/** A short message at the foot of the page, also read out. */
import { byId } from './dom.js';

const SHOWN_MS = 6_000;

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/**
 * @param {string} text
 * @param {'good' | 'bad'} [kind]
 */
export function toast(text, kind = 'good') {
  const element = byId('toast');
  element.hidden = false;
  element.dataset['kind'] = kind;
  element.textContent = text;
  clearTimeout(timer);
  timer = setTimeout(() => {
    element.hidden = true;
    element.textContent = '';
  }, SHOWN_MS);
}
