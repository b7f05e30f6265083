import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { logLibraryOutput } from './library-output.js';

type Line = [level: string, message: unknown, context: unknown];

let lines: Line[];
let consoleBefore: Partial<Console>;
let listenersBefore: Array<(warning: Error) => void>;

beforeEach(() => {
  lines = [];
  consoleBefore = { ...console };
  listenersBefore = process.listeners('warning');
  const at =
    (level: string) =>
    (message: unknown, ...rest: unknown[]): void =>
      void lines.push([level, message, rest.at(-1)]);
  Logger.overrideLogger({ error: at('error'), warn: at('warn'), log: at('log'), debug: at('debug') });
  logLibraryOutput();
});

afterEach(() => {
  Logger.overrideLogger(false);
  Object.assign(console, consoleBefore);
  process.removeAllListeners('warning');
  for (const listener of listenersBefore) process.on('warning', listener);
});

describe('what a library prints', () => {
  it('is logged at its level, with its arguments put in', () => {
    const { console: printer } = globalThis;
    printer.error('[library] %s of %d failed', 'one', 2, { code: 'E_ONE' });
    printer.warn('careful');
    printer.log('news');
    printer.info('more news');
    printer.debug('details');
    expect(lines).toEqual([
      ['error', "[library] one of 2 failed { code: 'E_ONE' }", 'Library'],
      ['warn', 'careful', 'Library'],
      ['log', 'news', 'Library'],
      ['log', 'more news', 'Library'],
      ['debug', 'details', 'Library'],
    ]);
  });

  it('may be a warning of Node.js, which nobody else prints', () => {
    expect(process.listenerCount('warning')).toBe(1);
    process.emit('warning', Object.assign(new Error('too many listeners'), { name: 'MaxListenersExceededWarning' }));
    expect(lines).toEqual([['warn', 'MaxListenersExceededWarning: too many listeners', 'Library']]);
  });
});
