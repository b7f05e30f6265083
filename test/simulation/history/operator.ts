import type { Actor } from '../../../src/identity/index.js';

/** Who makes the changes of a history. */
export const OPERATOR: Actor = { name: 'operator', requestId: 'simulated-1' };
