/** What k6's report in HTML lacks: which scenario it was, whether it passed and why, and labels that can be read. */
import { measuredOf, milliseconds, noteOnGoals, verdictOf, wantedOf } from '../../k6/lib/judged-rules.js';
import { SCENARIOS } from '../../k6/lib/scenarios.js';
import { timesChart } from './times-chart.mjs';

/** @import { JudgedRule } from '../../k6/lib/judged-rules.js' */
/** @import { Answer, Result } from './k6-runs.mjs' */

const STYLE = `<style>
  #verdict, #verdict + p { font: 15px/1.5 system-ui, sans-serif; max-width: 960px; margin: 24px auto; padding: 0 16px; color: #222; }
  #verdict h1 { font-size: 24px; margin: 0; }
  #verdict p { margin: 4px 0; }
  #verdict table { border-collapse: collapse; margin: 16px 0; }
  #verdict th, #verdict td { text-align: left; padding: 2px 20px 2px 0; }
  #verdict .number, #verdict th.number { text-align: right; }
  #verdict .passed { color: #17703c; }
  #verdict .failed, #verdict tr.failed td { color: #b3261e; font-weight: 600; }
</style>`;

/** Labels that the charts draw at their edge are cut there: this moves them inside. */
const UNCUT_LABELS = `<script>
  const draw = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
    const { width } = this.measureText(text);
    const left = x - (this.textAlign === 'center' ? width / 2 : this.textAlign === 'right' ? width : 0);
    const { b: turned } = this.getTransform();
    const inside = Math.max(0, Math.min(left, this.canvas.width - width));
    draw.call(this, text, turned ? x : x + inside - left, y);
  };
</script>`;

/** Of the time axis, for ticks of less than a second, which had the same label as the one before. */
const SECONDS_ONLY = '[.001,"{HH}:{mm}:{ss}"';
const WITH_MILLISECONDS = '[.001,"{ss}.{fff}"';

/**
 * k6's report with that in front; that alone where k6 wrote none.
 * @type {(charts: string | null, result: Result) => string}
 */
export function reportWithVerdict(charts, result) {
  const head = `<title>${result.scenario}: ${verdict(result)}</title>\n${STYLE}\n${UNCUT_LABELS}`;
  if (charts === null) {
    const note = '<p>The run was too short for charts over time.</p>';
    return `<!doctype html>\n<html lang="en">\n<meta charset="UTF-8" />\n${head}\n<body>\n${summary(result)}\n${note}\n</body>\n</html>\n`;
  }
  // Functions, since the text that goes in may hold a $.
  return charts
    .replace(/<title>.*?<\/title>/, () => head)
    .replace('<body>', () => `<body>\n${summary(result)}`)
    .replace(SECONDS_ONLY, WITH_MILLISECONDS);
}

/** @param {Result} result */
function verdict({ passed }) {
  return passed ? 'PASSED' : 'FAILED';
}

/** @param {Result} result */
function summary(result) {
  const { scenario, passed, finishedAt, seconds, requestsPerSecond, answers, rules = [] } = result;
  const facts = [
    `${seconds.toFixed(1)} s`,
    `${requestsPerSecond} requests/s on average`,
    `ended ${finishedAt.slice(0, 19).replace('T', ' ')} UTC`,
  ];
  return [
    '<section id="verdict">',
    `<h1>${escaped(scenario)}: <span class="${passed ? 'passed' : 'failed'}">${verdict(result)}</span></h1>`,
    `<p>${escaped(SCENARIOS[scenario].title)}. ${facts.map(escaped).join(', ')}</p>`,
    `<p class="${passed ? 'passed' : 'failed'}">${escaped(reason(result))}</p>`,
    table(
      ['', 'rule', 'measured', 'wanted'],
      2,
      rules.map((rule) => ruleRow(rule)),
    ),
    noteOnGoals(rules) && `<p>${noteOnGoals(rules)}</p>`,
    table(
      ['answer', 'count', 'p50', 'p95', 'p99', 'max'],
      1,
      answers.map((answer) => answerRow(answer)),
    ),
    timesChart(answers, escaped),
    '</section>',
  ].join('\n');
}

/** Why it passed or failed. @param {Result} result */
function reason({ passed, rules = [] }) {
  const broken = rules.filter(({ isGoal, holds }) => !isGoal && !holds);
  if (passed) return `All ${rules.filter(({ isGoal }) => !isGoal).length} rules hold.`;
  if (broken.length === 0) return 'The rules hold, but k6 ended with an error: see its output.';
  return `${broken.map((rule) => `${rule.label}: ${measuredOf(rule)}, wanted ${wantedOf(rule)}`).join('; ')}.`;
}

/** @param {JudgedRule} rule @returns {Row} */
function ruleRow(rule) {
  const isFailure = verdictOf(rule) === 'FAILED';
  return { cells: [verdictOf(rule), rule.label, measuredOf(rule), wantedOf(rule)], isFailure };
}

/** @param {Answer} answer @returns {Row} */
function answerRow({ label, count, med, p95, p99, max }) {
  const times = [med, p95, p99, max].map((time) => (time === undefined ? '' : milliseconds(time)));
  return { cells: [label, String(count), ...times] };
}

/** @typedef {{ cells: string[], isFailure?: boolean }} Row */

/** @type {(head: string[], numbersFrom: number, rows: Row[]) => string} */
function table(head, numbersFrom, rows) {
  const lines = rows.map(({ cells, isFailure }) => {
    const text = cells.map((cell, at) => `<td${at < numbersFrom ? '' : ' class="number"'}>${escaped(cell)}</td>`);
    return `<tr${isFailure ? ' class="failed"' : ''}>${text.join('')}</tr>`;
  });
  return `<table><tr>${head.map((cell, at) => `<th${at < numbersFrom ? '' : ' class="number"'}>${cell}</th>`).join('')}</tr>\n${lines.join('\n')}</table>`;
}

/** @param {string} text */
function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
