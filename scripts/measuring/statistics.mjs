/** Several runs of the same thing seen together. */

/** @param {readonly number[]} values */
export function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * The standard deviation of a sample; 0 of a single value.
 * @param {readonly number[]} values
 */
export function deviation(values) {
  if (values.length < 2) return 0;
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}

/**
 * Mean ± standard deviation; of a single value that value.
 * @param {readonly number[]} values
 * @param {number} digits
 */
export function spread(values, digits) {
  const text = (/** @type {number} */ value) =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return values.length < 2 ? text(mean(values)) : `${text(mean(values))} ± ${text(deviation(values))}`;
}
