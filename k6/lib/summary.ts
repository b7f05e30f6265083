/** The end of a run: a text for the person who waits, and k6/results/<scenario>.json. */
import { FAILURE_KINDS, OUTCOMES } from './answers.ts';
import { address } from './api.ts';
import { type JudgedRule, measuredOf, milliseconds, noteOnGoals, verdictOf, wantedOf } from './judged-rules.js';
import { holds, limitOf, measured, type Metrics, type Rule } from './rules.ts';
import { SCENARIOS, type ScenarioName } from './scenarios.js';

const RESULTS_DIR = __ENV['RESULTS_DIR'] || 'k6/results';
const LABEL_WIDTH = 34;
const COLUMN_WIDTH = 12;
/** Of "goal missed". */
const VERDICT_WIDTH = 11;
const ROW_LABELS: Readonly<Record<string, string>> = {
  sold_out: 'refused: sold out',
  already_issued: 'refused: already issued',
  refused: 'refused: other',
};

export interface SummaryPlan {
  readonly rules: readonly Rule[];
  readonly options: Readonly<Record<string, number>>;
  /** k6 scenarios that are told apart. */
  readonly phases?: readonly string[];
  /** Instead of the answers to requests for a coupon: metric and label. */
  readonly times?: ReadonlyArray<readonly [metric: string, label: string]>;
}

/** What k6 hands over; its type package leaves it open. */
interface EndOfTest {
  readonly metrics: Metrics;
  readonly state: { readonly testRunDurationMs: number };
}

interface Row {
  readonly label: string;
  readonly count: number;
  /** What the table over all scenarios shows. */
  readonly isMain?: true;
  readonly med?: number | undefined;
  readonly p95?: number | undefined;
  readonly p99?: number | undefined;
  readonly max?: number | undefined;
}

/** handleSummary of a scenario. */
export function summaryOf(name: ScenarioName, plan: SummaryPlan) {
  return ({ metrics, state }: EndOfTest): Record<string, string> => {
    const rules = plan.rules.map((rule) => ({
      ...rule,
      limit: limitOf(rule, metrics),
      measured: measured(rule, metrics),
      holds: holds(rule, metrics),
    }));
    const result = {
      scenario: name,
      passed: rules.every((rule) => rule.holds || rule.isGoal),
      finishedAt: new Date().toISOString(),
      address: address(''),
      options: plan.options,
      seconds: state.testRunDurationMs / 1000,
      requestsPerSecond: measuredPerSecond(metrics),
      droppedIterations: metrics['dropped_iterations']?.values['count'] ?? 0,
      failed: failuresOf(plan, metrics),
      drainSeconds: metrics['drain_seconds']?.values['value'] ?? null,
      answers: rowsOf(name, plan, metrics),
      rules,
    };
    return { stdout: textOf(result), [`${RESULTS_DIR}/${name}.json`]: `${JSON.stringify(result, null, 2)}\n` };
  };
}

function measuredPerSecond(metrics: Metrics): number {
  return Math.round(metrics['http_reqs']?.values['rate'] ?? 0);
}

/** Of requests for a coupon, what is neither accepted nor refused; of others, what k6 did not expect. */
function failuresOf({ times }: SummaryPlan, metrics: Metrics): number {
  return (times ? metrics['http_req_failed']?.values['passes'] : metrics['failed']?.values['count']) ?? 0;
}

function rowsOf(name: ScenarioName, { phases, times }: SummaryPlan, metrics: Metrics): Row[] {
  if (times) return times.map(([metric, label]) => ({ ...timesOf(metrics, metric, label), isMain: true }));
  const outcomes = phases
    ? phases.flatMap((phase) =>
        outcomeRows(metrics, phase, `{scenario:${phase}}`, phases.length > 1 ? `${phase}: ` : ''),
      )
    : outcomeRows(metrics, name, '', '');
  const failures = FAILURE_KINDS.map((kind) => {
    const count = metrics[`failed{kind:${kind}}`]?.values['count'] ?? 0;
    return { label: `  of them ${kind}`, count };
  });
  return [...outcomes, ...failures].filter(({ count }) => count > 0);
}

function outcomeRows(metrics: Metrics, scenario: string, tag: string, prefix: string): Row[] {
  const all = timesOf(metrics, `http_req_duration{scenario:${scenario}}`, `${prefix}all answers`);
  const outcomes = OUTCOMES.map((outcome) =>
    timesOf(metrics, `${outcome}_time${tag}`, prefix + (ROW_LABELS[outcome] ?? outcome)),
  );
  return [{ ...all, isMain: true }, ...outcomes];
}

function timesOf(metrics: Metrics, metric: string, label: string): Row {
  const { count = 0, med, 'p(95)': p95, 'p(99)': p99, max } = metrics[metric]?.values ?? {};
  return { label, count, med, p95, p99, max };
}

function textOf(result: {
  scenario: ScenarioName;
  passed: boolean;
  address: string;
  seconds: number;
  requestsPerSecond: number;
  drainSeconds: number | null;
  answers: Row[];
  rules: JudgedRule[];
}): string {
  const { scenario, passed, seconds, requestsPerSecond, drainSeconds, answers, rules } = result;
  const lines = [
    '',
    `${scenario} (${SCENARIOS[scenario].title}): ${passed ? 'PASSED' : 'FAILED'}`,
    `  ${seconds.toFixed(1)} s, ${requestsPerSecond} requests/s on average, ${result.address}`,
    '',
  ];
  if (answers.some(({ count }) => count > 0)) {
    lines.push(line('  answer', ['count', 'p50', 'p95', 'p99', 'max']));
    for (const row of answers) {
      const times = [row.med, row.p95, row.p99, row.max].map((time) => (time === undefined ? '' : milliseconds(time)));
      lines.push(line(`  ${row.label}`, [String(row.count), ...times]));
    }
    lines.push('');
  }
  lines.push(...rules.map((rule) => ruleLine(rule)));
  const note = noteOnGoals(rules);
  if (note) lines.push('', `  ${note}`);
  if (drainSeconds !== null)
    lines.push('', `  Every reservation was a row ${drainSeconds.toFixed(2)} s after the load.`);
  return `${lines.join('\n')}\n\n`;
}

function ruleLine(rule: JudgedRule): string {
  const measuredValue = measuredOf(rule).padStart(COLUMN_WIDTH);
  return `  ${verdictOf(rule).padEnd(VERDICT_WIDTH)} ${rule.label.padEnd(LABEL_WIDTH)} ${measuredValue}   wanted: ${wantedOf(rule)}`;
}

function line(label: string, columns: readonly string[]): string {
  return label.padEnd(LABEL_WIDTH) + columns.map((column) => column.padStart(COLUMN_WIDTH)).join('');
}
