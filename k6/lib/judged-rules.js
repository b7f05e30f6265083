/** A rule after the run, in words; read by the k6 scripts and by the runner, like scenarios.js. */

/**
 * `measured`: NaN, or null in the result file, where nothing was.
 * @typedef {{ label: string, is: string, limit: number, unit?: 'ms', isGoal?: boolean, holds: boolean,
 *   measured: number | null }} JudgedRule
 */

/** @param {JudgedRule} rule */
export function verdictOf({ isGoal, holds }) {
  if (isGoal) return holds ? 'goal met' : 'goal missed';
  return holds ? 'ok' : 'FAILED';
}

/** @param {JudgedRule} rule */
export function measuredOf({ measured, unit }) {
  if (measured === null || Number.isNaN(measured)) return 'not measured';
  return unit === 'ms' ? milliseconds(measured) : String(Number(measured.toFixed(4)));
}

/** @param {JudgedRule} rule */
export function wantedOf({ is, limit, unit }) {
  return `${is === '==' ? '' : `${is} `}${limit}${unit ? ` ${unit}` : ''}`;
}

/** Said where a goal was missed; empty elsewhere. @param {readonly JudgedRule[]} rules */
export function noteOnGoals(rules) {
  return rules.some(({ isGoal, holds }) => isGoal && !holds)
    ? 'A goal that is missed is reported only: the run passes all the same.'
    : '';
}

/** @param {number} time */
export function milliseconds(time) {
  return `${time < 100 ? time.toFixed(1) : Math.round(time)} ms`;
}
