/** POST /api/coupons/{couponId}/grants, again and again where the application cannot answer for a while. */
import { setTimeout as delay } from 'node:timers/promises';
import { errorMessage } from '../services/messages.mjs';

/** @typedef {Record<'issued' | 'alreadyIssued' | 'soldOut' | 'unknownUsers' | 'pending', number>} Ends */
/** @typedef {{ [End in keyof Ends]: number[] }} Granted */

/** An answer takes 20 s at most, and an overloaded application some more. */
const TIMEOUT_MS = 120_000;
const ATTEMPTS = 30;
const BETWEEN_MS = 1_000;

export class GrantCalls {
  /** @param {string} baseUrl @param {string} couponId @param {string} token */
  constructor(baseUrl, couponId, token) {
    this.baseUrl = baseUrl;
    this.url = `${baseUrl}/api/coupons/${couponId}/grants`;
    this.token = token;
    if (!URL.canParse(this.url))
      throw new Error(`BASE_URL must be an address such as http://localhost:8080; ${baseUrl} is none`);
  }

  /** Who was not decided about is named once more. @param {number[]} userIds @returns {Promise<Granted>} */
  async grant(userIds) {
    const first = await this.#call(userIds);
    if (first.pending.length === 0) return first;
    const again = await this.#call(first.pending);
    return {
      issued: [...first.issued, ...again.issued],
      alreadyIssued: [...first.alreadyIssued, ...again.alreadyIssued],
      soldOut: [...first.soldOut, ...again.soldOut],
      unknownUsers: [...first.unknownUsers, ...again.unknownUsers],
      pending: again.pending,
    };
  }

  /** @param {number[]} userIds @returns {Promise<Granted>} */
  async #call(userIds) {
    for (let attempt = 1; ; attempt += 1) {
      const response = await this.#post(userIds);
      const text = await response.text();
      if (response.ok) return JSON.parse(text);
      if (response.status === 401) throw new Error(`${this.baseUrl} does not accept the admin token: set ADMIN_TOKEN`);
      if (response.status !== 503 || attempt === ATTEMPTS)
        throw new Error(`${this.baseUrl} answered ${response.status}: ${detailOf(text)}`);
      await delay(BETWEEN_MS);
    }
  }

  /** @param {number[]} userIds */
  async #post(userIds) {
    const headers = { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' };
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    try {
      return await fetch(this.url, { method: 'POST', headers, body: JSON.stringify({ userIds }), signal });
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      throw new Error(`${this.baseUrl} cannot be reached: ${errorMessage(cause)}`, { cause: error });
    }
  }
}

/** What a problem says, or the beginning of whatever came. @type {(text: string) => string} */
function detailOf(text) {
  try {
    return JSON.parse(text).detail ?? text.slice(0, 200);
  } catch {
    return text.slice(0, 200);
  }
}
