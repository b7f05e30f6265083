import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { AppLogger } from './logger.js';

function printedBy(log: (logger: AppLogger) => void, ...[config]: ConstructorParameters<typeof AppLogger>): string {
  const printed: string[] = [];
  const collect = (text: string | Uint8Array): boolean => printed.push(String(text)) > 0;
  jest.spyOn(process.stdout, 'write').mockImplementation(collect);
  jest.spyOn(process.stderr, 'write').mockImplementation(collect);
  log(new AppLogger(config));
  return printed.join('');
}

function everyLevel(logger: AppLogger): void {
  logger.error('an error', 'Test');
  logger.warn('a warning', 'Test');
  logger.log('some news', 'Test');
  logger.debug('a detail', 'Test');
}

function mapRoute(logger: AppLogger): void {
  logger.log('Mapped {/api, GET} route', 'RouterExplorer');
}

describe('AppLogger', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('writes from its level up', () => {
    const printed = printedBy(everyLevel, { level: 'warn', format: 'text' });

    expect(printed).toContain('an error');
    expect(printed).toContain('a warning');
    expect(printed).not.toContain('some news');
    expect(printed).not.toContain('a detail');
  });

  it('writes one JSON object a line where that is wanted', () => {
    const lines = printedBy(everyLevel, { level: 'info', format: 'json' }).trim().split('\n');

    expect(lines.map((line): unknown => JSON.parse(line))).toEqual([
      expect.objectContaining({ level: 'error', message: 'an error', context: 'Test' }),
      expect.objectContaining({ level: 'warn', message: 'a warning' }),
      expect.objectContaining({ level: 'log', message: 'some news' }),
    ]);
  });

  it('writes only so many lines of one kind a second, and says how many there were', () => {
    jest.useFakeTimers();
    const printed = printedBy(
      (logger) => {
        for (let line = 1; line <= 5000; line += 1) logger.error(`request ${line} failed`, 'a stack', 'Test');
        logger.error('elsewhere', 'Other');
        logger.warn('less grave', 'Test');
        jest.advanceTimersByTime(1000);
        logger.error('a second later', 'Test');
      },
      { level: 'info', format: 'text' },
    );
    jest.useRealTimers();

    expect(printed.match(/request \d+ failed/g)).toHaveLength(20);
    expect(printed).toContain('[Test] 4980 more lines like these within a second were left out');
    for (const other of ['elsewhere', 'less grave', 'a second later']) expect(printed).toContain(other);
  });

  it('keeps what the framework says about each route for those who look for details', () => {
    expect(printedBy(mapRoute, { level: 'info', format: 'text' })).toBe('');
    expect(printedBy(mapRoute, { level: 'debug', format: 'text' })).toContain('Mapped');
  });
});
