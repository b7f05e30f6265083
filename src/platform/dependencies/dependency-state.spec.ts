import { describe, expect, it } from '@jest/globals';
import type { Logger } from '@nestjs/common';
import { DependencyState } from './dependency-state.js';

function stateWithLog(): { state: DependencyState; lines: string[] } {
  const lines: string[] = [];
  const logger = { error: (line: string) => lines.push(line), log: (line: string) => lines.push(line) };
  return { state: new DependencyState(logger as unknown as Logger, 'nobody is served'), lines };
}

describe('the state of a dependency', () => {
  it('tells when a problem begins and when it ends, and nothing in between', () => {
    const { state, lines } = stateWithLog();
    expect(state.recover('ready')).toBe(false);
    state.fail('READ_ONLY', 'READONLY says the server');
    state.fail('READ_ONLY', 'READONLY says the server');
    expect(state.problem).toBe('READ_ONLY');
    state.fail('UNREACHABLE', 'connection refused');
    expect(state.problem).toBe('UNREACHABLE');
    expect(state.recover('ready')).toBe(true);
    expect(state.problem).toBeUndefined();
    expect(state.recover('ready')).toBe(false);
    expect(lines).toEqual([
      'unavailable: READ_ONLY (READONLY says the server); nobody is served',
      expect.stringMatching(/^ready after \d+\.\d s$/),
    ]);
  });

  it('tells nothing any more once the process ends', () => {
    const { state, lines } = stateWithLog();
    state.end();
    state.fail('UNREACHABLE', 'connection closed');
    expect(lines).toEqual([]);
    expect(state.problem).toBeUndefined();
  });
});
