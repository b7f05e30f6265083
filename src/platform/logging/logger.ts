import { ConsoleLogger, type LogLevel } from '@nestjs/common';
import { isatty } from 'node:tty';
import type { Config } from '../config/config.schema.js';
import { LogLimit } from './log-limit.js';

const STDOUT = 1;

type Level = Config['log']['level'];

/** Our levels, the gravest first, and what Nest calls them. */
const NEST_LEVELS: ReadonlyArray<readonly [Level, LogLevel]> = [
  ['fatal', 'fatal'],
  ['error', 'error'],
  ['warn', 'warn'],
  ['info', 'log'],
  ['debug', 'debug'],
  ['verbose', 'verbose'],
];

/** One line per module and per route at every start: worth reading only when one looks for it. */
const FRAMEWORK_CONTEXTS: ReadonlySet<unknown> = new Set(['InstanceLoader', 'RoutesResolver', 'RouterExplorer']);

/** Where Nest reports what stopped the start, and throws it as well: `serve.ts` says it. */
const REPORTED_ELSEWHERE = 'ExceptionHandler';

/**
 * Of one kind (level and context) in a second. Whoever expects many lines writes fewer of them; this is for the fault
 * that nobody expected, with each request. Many enough for one about each of a hundred things when a server restarts.
 */
const MAX_LINES = { log: 100, warn: 20, error: 20 } as const;

type LimitedLevel = keyof typeof MAX_LINES;

/**
 * The application's logger: JSON lines for machines, or text for people, from `log.level` up. Of one kind it writes
 * only so many lines a second, and says how many it left out.
 */
export class AppLogger extends ConsoleLogger {
  private readonly limits = new Map<string, LogLimit>();

  constructor({ level, format }: Config['log']) {
    const gravest = NEST_LEVELS.findIndex(([ours]) => ours === level);
    super({
      logLevels: NEST_LEVELS.slice(0, gravest + 1).map(([, nest]) => nest),
      json: format === 'json',
      colors: format === 'text' && isatty(STDOUT),
    });
  }

  override log(message: unknown, ...rest: unknown[]): void {
    if (FRAMEWORK_CONTEXTS.has(rest.at(-1))) super.debug(message, ...rest);
    else this.limited('log', rest, () => super.log(message, ...rest));
  }

  override warn(message: unknown, ...rest: unknown[]): void {
    this.limited('warn', rest, () => super.warn(message, ...rest));
  }

  override error(message: unknown, ...rest: unknown[]): void {
    if (rest.at(-1) === REPORTED_ELSEWHERE) return;
    this.limited('error', rest, () => super.error(message, ...rest));
  }

  private limited(level: LimitedLevel, rest: readonly unknown[], write: () => void): void {
    const context = rest.at(-1);
    const kind = `${level} ${typeof context === 'string' ? context : ''}`;
    let limit = this.limits.get(kind);
    if (limit === undefined) {
      limit = new LogLimit({ lines: MAX_LINES[level], intervalMs: 1_000 }, (count) =>
        super[level](`${count} more lines like these within a second were left out`, ...rest.slice(-1)),
      );
      this.limits.set(kind, limit);
    }
    limit.write(write);
  }
}
