import { z } from 'zod';
import type { ValidationIssue } from '../errors/platform.errors.js';
import type { AnswerOf } from '../http/response-schemas.js';
import type { RowOutcome } from './row-outcome.js';

const MAX_ERRORS = 100;

const count = (description: string) => z.int().min(0).meta({ description });

export const importResponse = z
  .object({
    lines: count('Lines that were read, without a head and blank ones'),
    created: count('Lines that made something new'),
    updated: count('Lines that changed what was there'),
    unchanged: count('Lines that say what was there already'),
    rejected: count('Lines that were left out'),
    errors: z
      .array(
        z.object({
          line: z.int().min(1).meta({ description: 'Of the file; the first one is 1' }),
          path: z.string().meta({ description: 'The field, or `line`' }),
          message: z.string(),
        }),
      )
      .max(MAX_ERRORS)
      .meta({ description: `The first ${MAX_ERRORS} of the rejected lines, each with one thing that is wrong` }),
  })
  .meta({
    id: 'ImportReport',
    example: {
      lines: 3,
      created: 1,
      updated: 1,
      unchanged: 0,
      rejected: 1,
      errors: [{ line: 3, path: 'email', message: 'belongs to another user' }],
    },
  });

/** How an import went. */
export type ImportReport = AnswerOf<typeof importResponse>;

/** How far an import has come: what was committed, and what was refused. */
export class ImportProgress {
  private lines = 0;
  private readonly counts = { created: 0, updated: 0, unchanged: 0, rejected: 0 };
  private readonly errors: Array<ValidationIssue & { readonly line: number }> = [];

  /** @param line its number */
  add(line: number, outcome: RowOutcome): void {
    this.lines += 1;
    if (typeof outcome === 'string') {
      this.counts[outcome] += 1;
      return;
    }
    this.counts.rejected += 1;
    if (this.errors.length < MAX_ERRORS) this.errors.push({ line, ...outcome });
  }

  /** For the trace: of the lines nothing is told, since they may be about people. */
  summary() {
    return { lines: this.lines, ...this.counts };
  }

  report(): ImportReport {
    const errors = this.errors.toSorted((a, b) => a.line - b.line);
    return { ...this.summary(), errors };
  }
}
