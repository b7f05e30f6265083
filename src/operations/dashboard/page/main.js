/** Puts the page together: what comes from the stream goes to the parts that show it. */
import { address } from './address.js';
import { openCreateForm } from './create-form.js';
import { CouponList } from './coupon-list.js';
import { Detail } from './detail.js';
import { byId, el } from './dom.js';
import { switchLanguage, t, writeTimesIn } from './language.js';
import { Live } from './live.js';
import { resetRanking, showRanking } from './ranking.js';
import { Status } from './status.js';

/** @import { Snapshot } from '../snapshot.js' */
/** @import { State } from './live-source.js' */

const ASK_AFTER = 2;
const GIVE_UP_AFTER = 5;
/** Longer than the source itself waits: it may be gone, as a worker that the browser ended. */
const SILENCE_MS = 8_000;

/** @type {Snapshot | undefined} */
let snapshot;
let heardAt = 0;
/** @type {State} */
let state = 'connecting';
/** @type {Detail | undefined} */
let detail;
/** @type {number | null} a page without a choice shows the newest coupon, and stays with it */
let chosen = address.coupon;

/** How many snapshots have not had it. */
let missing = 0;

let status = new Status();
let list = new CouponList();
showPlaceholder('waiting');

const live = new Live((message) => {
  state = message.state;
  if (message.snapshot !== undefined) {
    snapshot = JSON.parse(message.snapshot);
    heardAt = message.heardAt ?? Date.now();
  }
  render();
});
// What is shown grows old also when nothing is heard.
setInterval(showStatus, 1_000);

byId('language').addEventListener('click', () => {
  switchLanguage();
  writeAnew();
});
byId('create').addEventListener('click', () => openCreate());
byId('coupon-search').addEventListener('input', () => list.searchSoon());
byId('coupon-status').addEventListener('change', () => list.searchSoon());
byId('older').addEventListener('click', () => void list.showOlder());
address.onChange(() => {
  chosen = address.coupon ?? chosen;
  missing = 0;
  render();
});
byId('language').textContent = t('otherLanguage');

function openCreate() {
  openCreateForm((couponId) => {
    location.hash = address.linkTo(couponId);
  });
}

function writeAnew() {
  byId('language').textContent = t('otherLanguage');
  status = new Status();
  list = new CouponList();
  resetRanking();
  const shown = snapshot?.coupons.list?.find(({ couponId }) => couponId === detail?.couponId);
  if (shown !== undefined) showDetail(new Detail(shown, detail?.series));
  render();
}

function showStatus() {
  const age = Date.now() - heardAt;
  const seen = state === 'live' && age > SILENCE_MS ? 'lost' : state;
  status.show(seen, snapshot, age);
  if (snapshot !== undefined) showRanking(snapshot.ranking, snapshot.at, seen === 'lost');
}

function render() {
  if (snapshot !== undefined) writeTimesIn(snapshot.timeZone);
  showStatus();
  if (snapshot === undefined) return;
  const coupons = snapshot.coupons.list;
  if (coupons === null) return;
  chosen ??= coupons[0]?.couponId ?? null;
  list.show(coupons, chosen);
  const coupon = coupons.find(({ couponId }) => couponId === chosen);
  missing = coupon === undefined && chosen !== null ? missing + 1 : 0;
  // A new coupon comes by itself; an old one has to be asked for.
  if (missing === ASK_AFTER) live.ask(chosen);
  if (coupon !== undefined && live.coupon !== chosen) live.ask(null);
  if (coupon !== undefined) {
    if (detail?.couponId !== coupon.couponId) showDetail(new Detail(coupon));
    void detail?.show(snapshot, coupon);
  } else {
    showPlaceholder(chosen === null ? 'noCoupons' : missing < GIVE_UP_AFTER ? 'waiting' : 'notFound');
  }
}

/** @param {Detail} next */
function showDetail(next) {
  detail?.destroy();
  detail = next;
  byId('detail').dataset['shows'] = '';
  byId('detail').replaceChildren(...next.elements);
}

/** @param {'waiting' | 'noCoupons' | 'notFound'} what */
function showPlaceholder(what) {
  const holder = byId('detail');
  if (holder.dataset['shows'] === what) return;
  detail?.destroy();
  detail = undefined;
  holder.dataset['shows'] = what;
  if (what === 'waiting') {
    const blocks = ['hero', 'tiles', 'charts'].map((name) =>
      el('div', { class: `card skeleton ${name}`, 'aria-hidden': 'true' }),
    );
    holder.replaceChildren(el('p', { class: 'hint' }, t('waiting')), ...blocks);
  } else {
    holder.replaceChildren(
      el(
        'section',
        { class: 'card empty' },
        el('h1', {}, what === 'noCoupons' ? t('noCoupons') : t('notFound', { id: chosen ?? '' })),
        el('p', { class: 'hint' }, t('noCouponsHint')),
        el('button', { class: 'primary', click: () => openCreate() }, t('create')),
      ),
    );
  }
}
