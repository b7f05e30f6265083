/**
 * Calls `late` after `ms`, but only after what has arrived by then was read; call the result when it has come in time.
 * A process that stalls (a long garbage collection, a busy machine) finds its timers due before it looks at its
 * sockets; without the second look a healthy server is called dead.
 */
export function afterTimeLimit(ms: number, late: () => void): () => void {
  let secondLook: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    secondLook = setImmediate(late);
  }, ms);
  return () => {
    clearTimeout(timer);
    clearImmediate(secondLook);
  };
}

/** The answer, or the error of `late` when it takes longer than `ms`. The work goes on: nothing is cancelled. */
export async function withinTimeLimit<T>(answer: Promise<T>, ms: number, late: () => Error): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const cancel = afterTimeLimit(ms, () => reject(late()));
    answer.then(resolve, reject).finally(cancel);
  });
}

/** Whether the work has ended within `ms`; else it goes on. @throws what the work throws by then */
export async function endsWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  return await new Promise<boolean>((resolve, reject) => {
    const cancel = afterTimeLimit(ms, () => resolve(false));
    work.then(() => resolve(true), reject).finally(cancel);
  });
}
