import { Logger } from '@nestjs/common';
import { format } from 'node:util';

/** What a console prints at each of our levels. */
const METHODS = {
  error: ['error', 'trace'],
  warn: ['warn'],
  log: ['log', 'info', 'dir'],
  debug: ['debug'],
} as const;

/**
 * Sends what libraries print, and the warnings of Node.js, through the logger: in its format and within its limits. That
 * is for the process as a whole, so only the program itself calls this.
 */
export function logLibraryOutput(): void {
  const logger = new Logger('Library');
  for (const [level, methods] of Object.entries(METHODS) as Array<[keyof typeof METHODS, readonly string[]]>) {
    const print = (...printed: unknown[]): void => logger[level](format(...printed));
    // The logger writes to the streams of the process and not to the console, so this comes to an end.
    for (const method of methods) Object.assign(console, { [method]: print });
  }
  // Node.js prints warnings by a listener of its own, which is the only one so far.
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => logger.warn(`${name}: ${message}`));
}
