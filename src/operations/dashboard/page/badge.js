/** How a coupon stands: a colour, a shape and a word. */
import { el, icon } from './dom.js';
import { t } from './language.js';

/** @import { CouponStatus } from '../snapshot.js' */
/** @import { Shape } from './dom.js' */

/** @type {Record<CouponStatus, Shape>} */
const SHAPE_OF = { OPEN: 'play', PAUSED: 'pause', SCHEDULED: 'clock', ENDED: 'end', SOLD_OUT: 'full' };

export class Badge {
  element = el('span', { class: 'badge' });

  /** @param {CouponStatus} status */
  show(status) {
    if (this.element.dataset['status'] === status) return;
    this.element.dataset['status'] = status;
    this.element.replaceChildren(icon(SHAPE_OF[status]), el('span', {}, t(status)));
  }
}
