/** A repository behind a query builder and a service behind a transaction are both less than this many frames away. */
const FRAMES = 16;

/** Where something was called, as text that is only put together when somebody reads it. */
export interface CallStack {
  readonly stack: string;
}

/**
 * Remembers who called the caller of this, and those that await it. Collecting the frames costs 3 µs (Node 20); mysql2
 * does it for every statement, which a lease spares, so a transaction is cheaper than without.
 */
export function rememberCallers(): CallStack {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = FRAMES;
  const callers = { stack: '' };
  Error.captureStackTrace(callers, rememberCallers);
  Error.stackTraceLimit = stackTraceLimit;
  return callers;
}

/** The frames in our own code; all of them when there are none. */
export function ownFrames({ stack }: CallStack): string {
  const [_title, _caller, ...frames] = stack.split('\n');
  const own = frames.filter((frame) => !/node_modules|node:|<anonymous>/.test(frame));
  return (own.length > 0 ? own : frames).map((frame) => frame.trim()).join(', ');
}
