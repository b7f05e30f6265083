/** What the user wants of `npm run load`, or how to say it. */
import { SCENARIOS } from '../../k6/lib/scenarios.js';

/** @typedef {import('../../k6/lib/scenarios.js').ScenarioName} ScenarioName */

const NAMES = /** @type {ScenarioName[]} */ (Object.keys(SCENARIOS));
const MOST_RUNS = 100;

/**
 * No scenarios: the user wants to know which there are.
 * @param {readonly string[]} words
 * @returns {{ scenarios: ScenarioName[], runs: number, isFresh: boolean, isOptional: boolean }}
 * @throws {Error} with a message for the user
 */
export function readArguments(words) {
  /** @type {ScenarioName[]} */
  const scenarios = [];
  let runs = 1;
  let isFresh = false;
  let isOptional = false;
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--fresh') isFresh = true;
    else if (word === '--if-k6') isOptional = true;
    else if (word === '--runs') runs = runsFrom(rest.shift() ?? '');
    else if (word.startsWith('--runs=')) runs = runsFrom(word.slice('--runs='.length));
    else if (word === 'all') scenarios.push(...NAMES);
    else scenarios.push(scenarioFrom(word));
  }
  return { scenarios, runs, isFresh, isOptional };
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

/**
 * @param {string} word
 * @returns {ScenarioName}
 */
function scenarioFrom(word) {
  const name = NAMES.find((known) => known === word);
  if (name) return name;
  throw new Error(`There is no ${word.startsWith('-') ? 'option' : 'scenario'} ${word}.\n\n${usage()}`);
}

/** @param {string} text */
function runsFrom(text) {
  const runs = /^[1-9]\d*$/.test(text) ? Number(text) : Number.NaN;
  if (runs <= MOST_RUNS) return runs;
  throw new Error(`--runs must be a whole number from 1 to ${MOST_RUNS}, not "${text}"`);
}
