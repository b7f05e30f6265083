import { afterAll } from '@jest/globals';

const actions: Array<() => Promise<void>> = [];

/**
 * Runs `action` when the test file has ended, also after a failure; what was started last ends first. All run even if
 * one of them throws.
 */
export function atEndOfFile(action: () => Promise<void>): void {
  actions.push(action);
}

afterAll(async () => {
  const problems: unknown[] = [];
  for (const action of actions.splice(0).toReversed()) {
    try {
      await action();
    } catch (error) {
      problems.push(error);
    }
  }
  if (problems.length > 0) throw new AggregateError(problems, `cleaning up failed: ${problems.map(String).join('; ')}`);
}, 60_000);
