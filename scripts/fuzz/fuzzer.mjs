/** Draws requests, sends them, and finds those that break a rule. */
import { differences } from './stored.mjs';
import { drawMutation, MUTATIONS } from './mutations.mjs';
import { Random } from './random.mjs';
import { bytesOf, draftOf } from './request.mjs';
import { violationOf } from './rules.mjs';
import { send } from './wire.mjs';

/** @import { Call } from './calls.mjs' */
/** @import { Draft } from './request.mjs' */
/** @import { Outcome } from './wire.mjs' */
/** @import { Codes } from './rules.mjs' */
/** @import { Digest } from './stored.mjs' */

/** A request as it was drawn: which call, and what is done to it, each with the seed of its random numbers. */
/** @typedef {{ number: number, call: Call, steps: Array<{ name: string, seed: number }> }} Case */

/** A rule that was broken, by one request or, for `what` is written, by the first of a few. @typedef {{ what: string, culprit: Case | undefined }} Violation */

/**
 * `stored`: what the app has stored; null where nobody can look. `complaints`: what the app has logged since the last call that it
 * should not have.
 * @typedef {{ url: string, adminToken: string, codes: Codes, calls: readonly Call[], seed: number, requests: number, boundMs: number,
 *   stored: { whenStill: () => Promise<Digest> } | null, complaints: () => string[], say: (line: string) => void }} Options
 */

const AT_ONCE = 32;
const MOST_IN_ROUND = 4_000;
const MOST_STEPS = 3;
const AS_DOCUMENTED = 0.12;
/** Refusals that say of the request itself that it is wrong: it will be so again. */
const REFUSALS = new Set([400, 401, 403, 404, 405, 413, 415, 417, 422, 431]);
const SCHEME = /^https?:\/\//;

export class Fuzzer {
  #options;
  #at;
  #host;
  #sent = 0;
  /** How often each first digit of a status. @type {Map<string, number>} */
  #tally = new Map();

  /** @param {Options} options */
  constructor(options) {
    this.#options = options;
    const { hostname, port } = new URL(options.url);
    this.#at = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) };
    this.#host = options.url.replace(SCHEME, '');
  }

  /** The first violation, or undefined when there is none in so many requests. @returns {Promise<Violation | undefined>} */
  async run() {
    const { requests, say } = this.#options;
    for (let number = 0; this.#sent < requests;) {
      const count = Math.ceil(Math.min(MOST_IN_ROUND, requests - this.#sent) / 2);
      const cases = Array.from({ length: count }, (_, index) => this.draw(number + index));
      number += count;
      const found = await this.#round(cases);
      say(this.#progress());
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The request of this number: always the same for a seed and a description. @param {number} number @returns {Case} */
  draw(number) {
    const { seed, calls } = this.#options;
    const random = new Random(seed, number);
    const count = random.chance(AS_DOCUMENTED) ? 0 : 1 + random.below(MOST_STEPS);
    const steps = Array.from({ length: count }, () => ({ name: drawMutation(random), seed: random.below(2 ** 31) }));
    return { number, call: random.pick(calls), steps };
  }

  /** @param {Case} drawn @returns {Draft} */
  draftOf({ call, steps }) {
    const draft = draftOf(call, this.#host, this.#options.adminToken);
    for (const { name, seed } of steps) MUTATIONS[name]?.(draft, new Random(seed));
    return draft;
  }

  /** The same fault with as little done to the request as possible. @param {Case} culprit @returns {Promise<Case>} */
  async shrink(culprit) {
    const without = culprit.steps.map((step) => ({
      ...culprit,
      steps: culprit.steps.filter((other) => other !== step),
    }));
    for (const smaller of without) {
      const draft = this.draftOf(smaller);
      if (violationOf(draft, await this.#send(draft), this.#options.codes) !== undefined)
        return await this.shrink(smaller);
    }
    return culprit;
  }

  /** @param {readonly Case[]} cases @returns {Promise<Violation | undefined>} */
  async #round(cases) {
    const { outcomes, violation } = await this.#sendAll(cases);
    if (violation !== undefined) return violation;
    const refused = cases.filter((drawn) => isRefused(this.draftOf(drawn), outcomes.get(drawn)));
    return await this.#nothingWritten(refused);
  }

  /**
   * Sends once more what was refused, and nothing else: it must not change anything. What is taken now, since others were taken
   * before, is left out and the rest sent again.
   * @param {readonly Case[]} cases @returns {Promise<Violation | undefined>}
   */
  async #nothingWritten(cases) {
    const { stored } = this.#options;
    if (stored === null || cases.length === 0) return undefined;
    const before = await stored.whenStill();
    const { outcomes, violation } = await this.#sendAll(cases);
    if (violation !== undefined) return violation;
    const changed = differences(before, await stored.whenStill());
    if (changed.length === 0) return undefined;
    const still = cases.filter((drawn) => isRefused(this.draftOf(drawn), outcomes.get(drawn)));
    if (still.length < cases.length) return await this.#nothingWritten(still);
    if (cases.length === 1)
      return { what: `refused, and yet this was written: ${changed.join(', ')}`, culprit: cases[0] };
    const half = Math.ceil(cases.length / 2);
    const found = (await this.#nothingWritten(cases.slice(0, half))) ?? (await this.#nothingWritten(cases.slice(half)));
    return (
      found ?? {
        what: `${cases.length} requests were refused, and yet this was written: ${changed.join(', ')}`,
        culprit: undefined,
      }
    );
  }

  /** @param {readonly Case[]} cases */
  async #sendAll(cases) {
    /** @type {Map<Case, Outcome>} */
    const outcomes = new Map();
    /** @type {Violation | undefined} */
    let violation;
    const waiting = cases.values();
    const sender = async () => {
      for (const drawn of waiting) {
        if (violation !== undefined) return;
        const draft = this.draftOf(drawn);
        const outcome = await this.#send(draft);
        outcomes.set(drawn, outcome);
        const what = violationOf(draft, outcome, this.#options.codes);
        if (what !== undefined) violation ??= { what, culprit: drawn };
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, sender));
    const [complaint] = this.#options.complaints();
    if (complaint !== undefined) violation ??= { what: `the app says: ${complaint}`, culprit: undefined };
    return { outcomes, violation };
  }

  /** @param {Draft} draft @returns {Promise<Outcome>} */
  async #send(draft) {
    const outcome = await send(this.#at, bytesOf(draft), draft, this.#options.boundMs);
    this.#sent += 1;
    const [first] = outcome.answers;
    const kind = first === undefined ? 'none' : `${Math.floor(first.status / 100)}xx`;
    this.#tally.set(kind, (this.#tally.get(kind) ?? 0) + 1);
    return outcome;
  }

  #progress() {
    const shares = [...this.#tally]
      .toSorted(([one], [other]) => one.localeCompare(other))
      .map(([kind, count]) => `${kind} ${Math.round((100 * count) / this.#sent)}%`);
    return `${this.#sent.toLocaleString('en')} requests: ${shares.join(', ')}`;
  }
}

/** Whether it says to a whole request that it is wrong, or the request never came to its end. @type {(draft: Draft, outcome: Outcome | undefined) => boolean} */
function isRefused(draft, outcome) {
  const answers = outcome?.answers ?? [];
  if (draft.cutAt !== undefined) return draft.isFramed && draft.copies === 1;
  return answers.length > 0 && answers.every(({ status }) => REFUSALS.has(status));
}
