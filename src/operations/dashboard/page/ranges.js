/** How far back the charts look: chosen once, it stays for the next coupon. */
import { el } from './dom.js';
import { number, t } from './language.js';

/** @import { Series } from './series.js' */

const MINUTE_MS = 60_000;
const MINUTES = [1, 5, 10, 60];
/** Room before and after what is to be seen. */
const MARGIN = 1.25;

/** @typedef {number | 'all'} Range  in minutes */

/** @type {Range | undefined} undefined: what shows the last that happened */
let chosen;

export class Ranges {
  /** @type {Map<Range, HTMLInputElement>} */
  #inputs = new Map();
  /** @type {Range | undefined} of this coupon, until one is chosen */
  #fitting;

  /** @param {() => void} redraw */
  constructor(redraw) {
    const labels = [...MINUTES, /** @type {const} */ ('all')].map((range) => {
      const choose = () => {
        chosen = range;
        redraw();
      };
      const input = el('input', { type: 'radio', name: 'range', value: range, change: choose });
      this.#inputs.set(range, input);
      return el(
        'label',
        {},
        input,
        el('span', {}, range === 'all' ? t('wholeLife') : t('minutes', { n: number(range) })),
      );
    });
    this.element = el('div', { class: 'ranges', role: 'radiogroup', 'aria-label': t('range') }, ...labels);
  }

  /**
   * From when on the charts are drawn, in ms since 1970. A page that is opened after a drop shows the drop.
   * @param {Series} series
   * @param {number} now
   */
  from(series, now) {
    if (series.isComplete) this.#fitting ??= fitting(now - series.lastAcceptedAt);
    const range = chosen ?? this.#fitting ?? 1;
    const input = this.#inputs.get(range);
    if (input !== undefined) input.checked = true;
    return range === 'all' ? (series.coupon[0]?.[0] ?? now) : now - range * MINUTE_MS;
  }
}

/**
 * @param {number} ms  since what is to be seen
 * @returns {Range}
 */
function fitting(ms) {
  return MINUTES.find((minutes) => minutes * MINUTE_MS > ms * MARGIN) ?? 'all';
}
