import { ConsoleLogger, type LogLevel } from '@nestjs/common';
import { isatty } from 'node:tty';
import type { Config } from '../config/config.schema.js';

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

/** The application's logger: JSON lines for machines, or text for people, from `log.level` up. */
export class AppLogger extends ConsoleLogger {
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
    else super.log(message, ...rest);
  }
}
