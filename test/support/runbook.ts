import { readFileSync } from 'node:fs';

/** The text of docs/operations.md, for tests that do what it says. */
export const RUNBOOK = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
