/** What the user wants of `npm run load`, or how to say it. */
import { parseArgs } from 'node:util';
import { SCENARIOS } from '../../k6/lib/scenarios.js';
import { argumentProblem } from '../services/messages.mjs';

/** @import { ScenarioName } from '../../k6/lib/scenarios.js' */

const NAMES = /** @type {ScenarioName[]} */ (Object.keys(SCENARIOS));
const MOST_RUNS = 100;

/** No scenarios: the user wants to know which there are. @param {readonly string[]} words */
export function readArguments(words) {
  const { values, positionals } = parsed(words);
  return {
    scenarios: positionals.flatMap((word) => (word === 'all' ? NAMES : scenarioFrom(word))),
    runs: runsFrom(values.runs),
    isFresh: values.fresh,
    isOptional: values['if-k6'],
  };
}

/** @param {readonly string[]} words */
function parsed(words) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        runs: { type: 'string', default: '1' },
        fresh: { type: 'boolean', default: false },
        'if-k6': { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new Error(`${argumentProblem(error)}\n\n${usage()}`, { cause: error });
  }
}

/** The scenarios with their options. */
export function usage() {
  const lines = ['Usage: npm run load -- <scenario>... [--runs N] [--fresh] [--if-k6]', ''];
  for (const name of NAMES) lines.push(`  ${name.padEnd(16)} ${SCENARIOS[name].title}${optionsOf(name)}`);
  return [
    ...lines,
    '  all              one after the other',
    '',
    '  --runs N   each N times, with mean and deviation',
    '  --fresh    on an app, a Redis and a MySQL of its own, thrown away at the end',
    '  --if-k6    one line instead of an error where neither k6 nor Go is there',
    '',
    'Options are environment variables: USERS=1000 STOCK=500 npm run load -- extreme',
    'BASE_URL (and ADMIN_TOKEN) name an app that runs elsewhere; else the one on port 8080 is used, or one is started.',
  ].join('\n');
}

/** @param {ScenarioName} name */
function optionsOf(name) {
  const options = Object.entries(SCENARIOS[name].options).map(([option, { default: usual }]) => `${option}=${usual}`);
  return options.length === 0 ? '' : `\n${' '.repeat(19)}${options.join(' ')}`;
}

/** @type {(word: string) => ScenarioName} */
function scenarioFrom(word) {
  const name = NAMES.find((known) => known === word);
  if (name) return name;
  throw new Error(`There is no scenario ${word}.\n\n${usage()}`);
}

/** @param {string} text */
function runsFrom(text) {
  const runs = /^[1-9]\d*$/.test(text) ? Number(text) : Number.NaN;
  if (runs <= MOST_RUNS) return runs;
  throw new Error(`--runs must be a whole number from 1 to ${MOST_RUNS}, not "${text}"`);
}
