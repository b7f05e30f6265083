/** This tab's ear to the stream: through the worker that all tabs share, or where there is none, by itself. */
import { LiveSource } from './live-source.js';

export class Live {
  /** @type {number | null} the coupon that is asked for although it is not among the newest */
  coupon = null;
  /** @type {MessagePort | undefined} */
  #port;
  /** @type {LiveSource | undefined} */
  #source;

  /** @param {(message: import('./live-source.js').Message) => void} tell */
  constructor(tell) {
    if (typeof SharedWorker === 'undefined') {
      this.#source = new LiveSource(tell);
      return;
    }
    const worker = new SharedWorker(new URL('live-worker.js', import.meta.url), { type: 'module', name: 'firstcome' });
    worker.addEventListener('error', () => {
      this.#port = undefined;
      this.#source ??= new LiveSource(tell);
    });
    const port = worker.port;
    this.#port = port;
    port.addEventListener('message', ({ data }) => tell(data));
    port.start();
    this.#join();
    // A page that the browser keeps for the way back comes to life again.
    addEventListener('pagehide', () => port.postMessage({ leave: true }));
    addEventListener('pageshow', ({ persisted }) => persisted && this.#join());
  }

  /**
   * Asks for a coupon that is not among the newest, or for none.
   * @param {number | null} couponId
   */
  ask(couponId) {
    if (couponId === this.coupon) return;
    this.coupon = couponId;
    this.#join();
    this.#source?.ask(couponId === null ? [] : [couponId]);
  }

  #join() {
    this.#port?.postMessage({ join: this.coupon });
  }
}
