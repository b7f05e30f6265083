/** What the user wants of `npm run fuzz`, or how to say it. */
import { parseArgs } from 'node:util';
import { argumentProblem } from '../services/messages.mjs';

export const USAGE = `Usage: npm run fuzz [-- options]

  --seed N       the requests of this seed (1 unless given); the same ones each time
  --requests N   how many, 100,000 unless given; some half of them are those that were refused, sent again
  --help

Starts an app, a Redis and a MySQL of its own and throws them away, unless BASE_URL (and ADMIN_TOKEN) name an app that runs
elsewhere: of that one nobody looks whether a refused call has written something, or what it logs.
Ends with 1 at the first request that breaks a rule, which it prints.`;

/** Undefined: the user wants to know. @param {readonly string[]} words */
export function readArguments(words) {
  const { seed, requests, help } = parsed(words);
  return help ? undefined : { seed: wholeNumber('--seed', seed), requests: wholeNumber('--requests', requests) };
}

/** @param {readonly string[]} words */
function parsed(words) {
  try {
    return parseArgs({
      args: [...words],
      options: {
        seed: { type: 'string', default: '1' },
        requests: { type: 'string', default: '100000' },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new Error(`${argumentProblem(error)}\n\n${USAGE}`, { cause: error });
  }
}

/** @type {(option: string, text: string) => number} */
function wholeNumber(option, text) {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`${option} must be a whole number from 1 on, not "${text}"`);
  return Number(text);
}
