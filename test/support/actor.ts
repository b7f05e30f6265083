import type { Actor } from '../../src/identity/index.js';

/** Who changes something in a test that calls a service past the API. */
export const TESTER: Actor = { name: 'tester', requestId: 'test-1' };
