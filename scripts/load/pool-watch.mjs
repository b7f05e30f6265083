/** How many connections to MySQL an app uses while a scenario runs, by its /metrics. */
import { mean } from '../measuring/statistics.mjs';

const INTERVAL_MS = 500;

/**
 * `peak`: the most that were in use at any moment, which the app itself counts; it began before the run if another
 * scenario ran before. The others are what was seen every half second.
 * @typedef {{ limit: number, peak: number, meanActive: number, meanIdle: number, mostWaiting: number }} PoolUse
 */

export class PoolWatch {
  /** @type {Array<Map<string, number>>} */
  #looks = [];
  #url;
  #timer;

  /** @param {string} url of the app */
  constructor(url) {
    this.#url = url;
    this.#timer = setInterval(() => void this.#look(), INTERVAL_MS);
  }

  end() {
    clearInterval(this.#timer);
  }

  /** @returns {Promise<PoolUse | null>} null where the app shows no metrics of its pool */
  async seen() {
    await this.#look();
    const last = this.#looks.at(-1);
    if (!last?.has('limit')) return null;
    const each = (/** @type {string} */ name) => this.#looks.map((look) => look.get(name) ?? 0);
    return {
      limit: last.get('limit') ?? 0,
      peak: last.get('peak_active') ?? 0,
      meanActive: mean(each('connections{state="active"}')),
      meanIdle: mean(each('connections{state="idle"}')),
      mostWaiting: Math.max(...each('connections{state="waiting"}')),
    };
  }

  async #look() {
    // A look that fails is one less: what the app answers is the scenario's business.
    const text = await fetch(`${this.#url}/metrics`).then(
      (answer) => answer.text(),
      () => '',
    );
    const values = [...text.matchAll(/^firstcome_database_pool_(\S+) (\S+)$/gm)];
    if (values.length > 0) this.#looks.push(new Map(values.map(([, name, value]) => [String(name), Number(value)])));
  }
}
