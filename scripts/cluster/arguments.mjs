/** What the user wants of `npm run cluster`, or how to say it. */
import { parseArgs } from 'node:util';
import { argumentProblem } from '../services/messages.mjs';
import { KAFKA_BROKERS, MOST_INSTANCES } from './plan.mjs';

/** @import { DatabaseMode, RedisMode, Wanted } from './plan.mjs' */

export const USAGE = `Usage: npm run cluster -- <command>
  up          start instances behind HAProxy over Redis and MariaDB, with new data
    --redis single|sentinel|cluster   one server (default), 3 and 3 sentinels, or 3 masters and 3 replicas
    --database single|galera          one server (default), or a Galera node for each instance, 3 at least
    --instances N                     1 to ${MOST_INSTANCES}, 3 by default
    --kafka                           ${KAFKA_BROKERS} brokers too, between admission and ledger
  status      what runs and where; --json for scripts. Ends with 3 when something does not run
  start NAME  start again what has died, with its data
  down        stop all of it; its data goes, its logs stay until the next up`;

/** @type {readonly RedisMode[]} */
const REDIS_MODES = ['single', 'sentinel', 'cluster'];
/** @type {readonly DatabaseMode[]} */
const DATABASE_MODES = ['single', 'galera'];

/** It was called in a wrong way. */
export class UsageError extends Error {}

/**
 * @typedef {{ command: 'up', wanted: Wanted } | { command: 'status', asJson: boolean } | { command: 'down' }
 *   | { command: 'start', name: string }} Call
 */

/** Throws a UsageError. @param {readonly string[]} words @returns {Call} */
export function readArguments(words) {
  const { values, positionals } = parsed(words);
  const [command, ...names] = positionals;
  const given = Object.keys(values);
  const { json, redis, database, instances, kafka } = values;
  if (command !== 'up' && command !== 'status' && command !== 'down' && command !== 'start')
    throw new UsageError(command === undefined ? 'Say what to do.' : `There is no command ${command}.`);
  for (const option of given)
    if ((option === 'json') !== (command === 'status') || !['up', 'status'].includes(command))
      throw new UsageError(`${command} has no option --${option}.`);
  const [name] = names;
  if (command === 'start') {
    if (name === undefined || names.length > 1) throw new UsageError('start wants one name; status shows them.');
    return { command, name };
  }
  if (name !== undefined) throw new UsageError(`${command} takes no name, as "${name}".`);
  if (command === 'status') return { command, asJson: json === true };
  if (command === 'down') return { command };
  return {
    command,
    wanted: {
      redis: oneOf(REDIS_MODES, '--redis', redis ?? 'single'),
      database: oneOf(DATABASE_MODES, '--database', database ?? 'single'),
      instances: instancesFrom(instances ?? '3'),
      kafka: kafka ? KAFKA_BROKERS : 0,
    },
  };
}

/** @param {readonly string[]} words */
function parsed(words) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        json: { type: 'boolean' },
        redis: { type: 'string' },
        database: { type: 'string' },
        instances: { type: 'string' },
        kafka: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError(argumentProblem(error), { cause: error });
  }
}

/** @template {string} T @param {readonly T[]} words @param {string} option @param {string} given @returns {T} */
function oneOf(words, option, given) {
  const known = words.find((word) => word === given);
  if (known) return known;
  throw new UsageError(`${option} must be one of ${words.join(', ')}, not "${given}".`);
}

/** @param {string} text */
function instancesFrom(text) {
  const instances = /^[1-9]\d*$/.test(text) ? Number(text) : Number.NaN;
  if (instances <= MOST_INSTANCES) return instances;
  throw new UsageError(`--instances must be a whole number from 1 to ${MOST_INSTANCES}, not "${text}".`);
}
