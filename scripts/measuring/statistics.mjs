/** Several runs of the same thing seen together. */

/** @param {readonly number[]} values */
export function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}

/** @param {readonly number[]} values */
export function mean(values) {
  return sum(values) / values.length;
}

/** Of a sample. @param {readonly number[]} values */
function deviation(values) {
  const middle = mean(values);
  return Math.sqrt(sum(values.map((value) => (value - middle) ** 2)) / (values.length - 1));
}

/** Mean ± deviation; of a single value that value. @type {(values: readonly number[], digits: number) => string} */
export function spread(values, digits) {
  const text = (/** @type {number} */ value) =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return values.length < 2 ? text(mean(values)) : `${text(mean(values))} ± ${text(deviation(values))}`;
}

/** As {@link spread}, of what each run has. @type {<T>(runs: T[], of: (run: T) => number, digits: number) => string} */
export function spreadOf(runs, of, digits) {
  return spread(runs.map(of), digits);
}
