import type { ValidationIssue } from '../errors/platform.errors.js';

/** What became of one row of an import; an issue is why it was refused. */
export type RowOutcome = 'created' | 'updated' | 'unchanged' | ValidationIssue;
