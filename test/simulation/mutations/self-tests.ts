import { createServer } from 'node:net';
import { startRealTimer } from '../world/real.js';
import type { Mutation } from './mutation.js';

/** Faults of a simulation that it must notice itself: they are no mutations of the program. */
export const SELF_TESTS: readonly Mutation[] = [
  {
    name: 'real-timer',
    fault: 'something waits for the real clock',
    history: () => startRealTimer(60_000),
  },
  {
    name: 'real-socket',
    fault: 'something listens at a real port',
    history: () => void createServer().listen(0, '127.0.0.1'),
  },
];
