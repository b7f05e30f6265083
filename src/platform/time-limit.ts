/**
 * The answer, or the error of `late` when it takes longer than `ms`, but only after what has arrived by then was read. A
 * process that stalls (a long garbage collection, a busy machine) finds its timers due before it looks at its sockets;
 * without the second look a healthy server is called dead. The work goes on: nothing is cancelled.
 */
export async function withinTimeLimit<T>(answer: Promise<T>, ms: number, late: () => Error): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => {
      setImmediate(() => reject(late()));
    }, ms);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
