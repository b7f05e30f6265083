/** When a command in the foreground is asked to end. */
import { constants } from 'node:os';

const PARENT_CHECK_MS = 250;

/** Calls back each time a signal asks for it, with its exit code. @param {(exitCode: number) => void} onEnd */
export function whenAskedToEnd(onEnd) {
  // Ctrl-C comes twice, from the terminal and from npm.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.on(signal, () => onEnd(exitCodeOf(null, signal)));
  }
  // A signal to npm reaches only the shell between us and npm, and that tells nobody: so also when npm is gone.
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
