/** A list of the application, page by page, in a table. It is read with the key of an operator. */
import { callAsAdmin } from './admin.js';
import { problemText } from './api.js';
import { el } from './dom.js';
import { t } from './language.js';
import { tableOf } from './table.js';
import { toast } from './toast.js';

/** @import { TextKey } from './language.js' */

const PAGE = 50;

/**
 * @template Item
 * @typedef {object} Listing
 * @property {string} path  that lists them, without a slash in front
 * @property {string} key  of the items in the answer
 * @property {TextKey} label  what they are
 * @property {ReadonlyArray<TextKey | ''>} head
 * @property {TextKey} empty  said where there is none
 * @property {(item: Item) => HTMLTableRowElement} rowOf
 */

/** @template Item */
export class PagedTable {
  element = el('div', { class: 'paged' });
  /** @type {string | null} */
  #cursor = null;
  /** @type {HTMLTableSectionElement | undefined} */
  #rows;
  #more = el('button', { class: 'quiet wide', click: () => void this.#loadMore() }, t('showMore'));
  /** @type {Record<string, string>} */
  #query = {};

  /** @param {Listing<Item>} listing */
  constructor(listing) {
    this.listing = listing;
  }

  /**
   * Shows the first page; false when there was no answer to show.
   * @param {Record<string, string>} [query]
   */
  async load(query = {}) {
    const page = await this.#ask(query);
    if (page === undefined) return false;
    this.#query = query;
    const { label, head, empty, rowOf } = this.listing;
    if (page.length === 0) {
      this.element.replaceChildren(el('p', { class: 'hint' }, t(empty)));
      return true;
    }
    const table = tableOf(label, head, page.map(rowOf));
    this.#rows = table.querySelector('tbody') ?? undefined;
    this.element.replaceChildren(table, this.#more);
    this.#more.hidden = this.#cursor === null;
    return true;
  }

  async #loadMore() {
    const page = await this.#ask({ ...this.#query, cursor: this.#cursor ?? '' });
    if (page === undefined) return;
    const rows = page.map(this.listing.rowOf);
    this.#rows?.append(...rows);
    this.#more.hidden = this.#cursor === null;
    // The button is gone after the last page.
    if (this.#more.hidden) /** @type {HTMLElement | null} */ (this.element.firstElementChild)?.focus();
  }

  /** @param {Record<string, string>} query */
  async #ask(query) {
    const { path, key } = this.listing;
    const answer = await callAsAdmin(`${path}?${new URLSearchParams({ ...query, limit: String(PAGE) })}`);
    if (answer === undefined) return undefined;
    if (!answer.ok) {
      toast(problemText(answer), 'bad');
      return undefined;
    }
    this.#cursor = answer.body.nextCursor;
    return /** @type {Item[]} */ (answer.body[key]);
  }
}
