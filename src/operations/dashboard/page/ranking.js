/** The best sellers of the day, and how much to trust them: where they come from and how old they are. */
import { arrange, byId, el, setText } from './dom.js';
import { duration, number, t } from './language.js';

/** @import { RankingSnapshot } from '../snapshot.js' */

/** @type {Array<{ element: HTMLElement, name: HTMLElement, sold: HTMLElement }>} */
let rows = [];

export function resetRanking() {
  rows = [];
  byId('ranking-list').replaceChildren();
}

/**
 * @param {RankingSnapshot | null} ranking
 * @param {number} now
 * @param {boolean} isLost  the connection: where a ranking would come from now is not known
 */
export function showRanking(ranking, now, isLost) {
  const { source, asOf } =
    ranking === null || isLost ? { source: /** @type {const} */ ('unknown'), asOf: null } : ranking;
  const age = asOf === null ? '' : duration(Math.max(0, now - Date.parse(asOf)));
  byId('ranking-source').dataset['source'] = source;
  setText(byId('ranking-source'), t(/** @type {const} */ (`source_${source}`), { age }));
  const products = ranking?.rankings ?? [];
  while (rows.length < products.length) rows.push(newRow());
  products.forEach(({ productName, salesCount }, index) => {
    const row = /** @type {typeof rows[number]} */ (rows[index]);
    setText(row.name, productName);
    setText(row.sold, t('sold', { count: number(salesCount) }));
  });
  arrange(
    byId('ranking-list'),
    rows.slice(0, products.length).map(({ element }) => element),
  );
  setText(
    byId('ranking-note'),
    products.length > 0 ? '' : ranking === null || source === 'none' ? t('rankingAway') : t('rankingEmpty'),
  );
}

function newRow() {
  const name = el('span', { class: 'name' });
  const sold = el('span', { class: 'sold' });
  return { element: el('li', {}, name, sold), name, sold };
}
