/** The stream of snapshots from the server: opened again whenever it ends, is refused, or falls silent. */

/** The server sends one every second, whatever is down. */
const SILENCE_MS = 4_000;
const RETRY_MS = 1_000;

/** @typedef {'connecting' | 'live' | 'lost'} State */
/** @typedef {{ state: State, snapshot?: string, heardAt?: number }} Message  a snapshot is JSON, heard at ms since 1970 */

export class LiveSource {
  /** @type {Message} the last thing said, for those who come later */
  latest = { state: 'connecting' };
  /** @type {EventSource | undefined} */
  #stream;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {readonly number[]} */
  #coupons = [];

  /** @param {(message: Message) => void} tell */
  constructor(tell) {
    this.tell = tell;
    this.#open();
  }

  /**
   * Asks for coupons that are not among the newest.
   * @param {readonly number[]} coupons
   */
  ask(coupons) {
    if (String(coupons) === String(this.#coupons)) return;
    this.#coupons = coupons;
    this.#open();
  }

  #open() {
    this.#stream?.close();
    const url = new URL('../events', import.meta.url);
    if (this.#coupons.length > 0) url.searchParams.set('coupons', this.#coupons.join(','));
    const stream = new EventSource(url);
    this.#stream = stream;
    stream.addEventListener('snapshot', ({ data }) => {
      this.#say({ state: 'live', snapshot: data, heardAt: Date.now() });
      this.#expectWithin(SILENCE_MS);
    });
    // The browser would try again by itself, but not when a proxy answers with an error.
    stream.addEventListener('error', () => {
      stream.close();
      this.#say({ ...this.latest, state: 'lost' });
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#open(), RETRY_MS);
    });
    this.#expectWithin(SILENCE_MS);
  }

  /** @param {number} ms */
  #expectWithin(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#say({ ...this.latest, state: 'lost' });
      this.#open();
    }, ms);
  }

  /** @param {Message} message */
  #say(message) {
    this.latest = message;
    this.tell(message);
  }
}
