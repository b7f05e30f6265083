/** How long the answers took, as bars on one axis. */

/** @import { Answer } from './k6-runs.mjs' */

const ROW = 28;
const LABELS = 200;
const BARS = 560;
/** Right of the bars, for the half of the last number that stands there. */
const MARGIN = 60;
const MOST_TICKS = 6;
/** From the widest to the narrowest, each drawn over the one before. */
const SHARES = /** @type {const} */ ([
  ['max', '#d7e3f4'],
  ['p99', '#a9c5ea'],
  ['p95', '#6d9bd6'],
  ['med', '#2b5c9e'],
]);

/** An SVG; empty where nothing was timed. @type {(answers: readonly Answer[], escaped: (text: string) => string) => string} */
export function timesChart(answers, escaped) {
  const timed = answers.filter(({ max }) => max !== undefined && max > 0);
  if (timed.length === 0) return '';
  const step = stepFor(Math.max(...timed.map(({ max = 0 }) => max)));
  const end = step * Math.ceil(Math.max(...timed.map(({ max = 0 }) => max)) / step);
  const at = (/** @type {number} */ time) => LABELS + (time / end) * BARS;
  const height = ROW * (timed.length + 2);
  const axis = Array.from({ length: Math.round(end / step) + 1 }, (_, tick) => {
    const [x, y] = [at(tick * step), height - ROW * 1.5];
    const label = `${Number((tick * step).toPrecision(3))} ms`;
    return `<path d="M${x} 0V${y}" stroke="#e3e3e3" /><text x="${x}" y="${y + 16}" text-anchor="middle">${label}</text>`;
  });
  const bars = timed.map((answer, row) => {
    const [y, middle] = [row * ROW + 6, row * ROW + 20];
    const shares = SHARES.map(([name, colour]) => {
      const width = at(answer[name] ?? 0) - LABELS;
      return `<rect x="${LABELS}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 10}" fill="${colour}" />`;
    });
    return `<text x="${LABELS - 10}" y="${middle}" text-anchor="end">${escaped(answer.label)}</text>${shares.join('')}`;
  });
  const legend = SHARES.toReversed().map(([name, colour], index) => {
    const [x, y] = [LABELS + index * 90, height - 14];
    const label = name === 'med' ? 'p50' : name;
    return `<rect x="${x}" y="${y}" width="12" height="12" fill="${colour}" /><text x="${x + 18}" y="${y + 11}">${label}</text>`;
  });
  const size = `width="${LABELS + BARS + MARGIN}" height="${height}"`;
  return `<svg ${size} font-size="13" role="img" aria-label="times of the answers">${[axis, bars, legend].flat().join('\n')}</svg>`;
}

/** 1, 2 or 5 times a power of ten, so that there are few ticks. @param {number} longest */
function stepFor(longest) {
  const power = 10 ** Math.floor(Math.log10(longest / MOST_TICKS));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => longest / step <= MOST_TICKS) ?? 10 * power;
}
