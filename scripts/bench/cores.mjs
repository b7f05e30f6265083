/** The app on one core and the load generator on another, so that they do not push each other about. */
import { availableParallelism } from 'node:os';
import { findBinary } from '../services/binaries.mjs';

const taskset = process.platform === 'linux' && availableParallelism() >= 2 ? findBinary('taskset') : null;

/** Whether `onCore` can do what it says. */
export const canPin = taskset !== null;

/**
 * The command that runs a program on one core; as it is where that is not possible.
 * @param {number} core  from 0
 * @param {string} command
 * @param {string[]} args
 */
export function onCore(core, command, args) {
  return taskset === null ? { command, args } : { command: taskset, args: ['-c', String(core), command, ...args] };
}
