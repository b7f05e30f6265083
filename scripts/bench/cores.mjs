/** The app on one core and the load generator on another, so that they do not push each other about. */
import { availableParallelism } from 'node:os';
import { findBinary } from '../services/binaries.mjs';

let taskset = process.platform === 'linux' && availableParallelism() >= 2 ? findBinary('taskset') : null;

/** Leaves it to the system where things run. */
export function useAnyCore() {
  taskset = null;
}

/** Where things run, for the report. */
export function placement() {
  return taskset === null ? 'app and generator on any core' : 'app on core 0, generator on core 1';
}

/** The command to run it there, if possible. @param {number} core @param {string} command @param {string[]} args */
export function onCore(core, command, args) {
  return taskset === null ? { command, args } : { command: taskset, args: ['-c', String(core), command, ...args] };
}
