/** When a command in the foreground is asked to end. */
import { constants } from 'node:os';

const PARENT_CHECK_MS = 250;

/**
 * Calls back on SIGINT, SIGTERM and SIGHUP, each time one comes: Ctrl-C comes twice, from the terminal and from npm.
 * Under npm also once when npm is gone: it signals only the shell between us and itself, and that tells nobody.
 * @param {(exitCode: number) => void} onEnd  gets the exit code that is usual for the signal
 */
export function whenAskedToEnd(onEnd) {
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => onEnd(exitCodeOf(null, signal)));
  }
  if (!process.env['npm_lifecycle_event']) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    onEnd(exitCodeOf(null, 'SIGTERM'));
  }, PARENT_CHECK_MS);
  watch.unref();
}

/** As a shell counts them. @type {(code: number | null, signal: NodeJS.Signals | null) => number} */
export function exitCodeOf(code, signal) {
  return signal ? 128 + constants.signals[signal] : (code ?? 1);
}
