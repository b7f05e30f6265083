/** What makes a run pass: k6's thresholds, with words for people, and evaluated for the result file too. */
import type { Options, Scenario, Threshold } from 'k6/options';
import { FAILURE_KINDS, OUTCOMES } from './answers.ts';

export const TIME_STATISTICS = ['count', 'avg', 'min', 'med', 'p(95)', 'p(99)', 'max'];

const COMPARISONS = {
  '==': (value: number, limit: number) => value === limit,
  '<': (value: number, limit: number) => value < limit,
  '>': (value: number, limit: number) => value > limit,
  '<=': (value: number, limit: number) => value <= limit,
  '>=': (value: number, limit: number) => value >= limit,
};

export interface Rule {
  /** k6's name of a metric, with a tag where it is about a part of the run: `accepted{scenario:extreme}`. */
  readonly metric: string;
  readonly statistic: 'count' | 'rate' | 'value' | 'p(95)' | 'p(99)';
  readonly is: keyof typeof COMPARISONS;
  /**
   * A function where it depends on the run, which only the result file can judge: k6's thresholds are fixed before it.
   */
  readonly limit: number | ((metrics: Metrics) => number);
  readonly label: string;
  readonly unit?: 'ms';
  /** A goal is reported, and does not fail the run. */
  readonly isGoal?: boolean;
}

/** Metric, statistic, value: what handleSummary gets of k6. */
export type Metrics = Readonly<Record<string, { readonly values: Readonly<Record<string, number>> } | undefined>>;

export function exactly(limit: number, metric: string, label: string): Rule {
  return { metric, statistic: 'count', is: '==', limit, label };
}

/** So many rows in `user_coupons` after the run; `coupon` where it uses several. */
export function exactRows(limit: number, coupon?: string): Rule {
  const metric = coupon === undefined ? 'issued_rows' : `issued_rows{coupon:${coupon}}`;
  return {
    metric,
    statistic: 'value',
    is: '==',
    limit,
    label: `${coupon === undefined ? '' : `${coupon}: `}rows in MySQL`,
  };
}

/**
 * Everyone who was told to have a slot has a row, and nobody else, also where their number is known only afterwards.
 */
export function rowForEachAccepted(phase?: string): Rule {
  const accepted = phase === undefined ? 'accepted' : `accepted{scenario:${phase}}`;
  const rule = exactRows(0, phase);
  return { ...rule, limit: (metrics) => metrics[accepted]?.values['count'] ?? 0 };
}

export function faster(percentile: 95 | 99, metric: string, limit: number, label = 'all answers'): Rule {
  return { metric, statistic: `p(${percentile})`, is: '<', limit, label: `${label}, p${percentile}`, unit: 'ms' };
}

/** `rate` of a metric that is kept as a share, 0 to 1. */
export function share(metric: string, is: Rule['is'], limit: number, label: string): Rule {
  return { metric, statistic: 'rate', is, limit, label };
}

export function goal(rule: Rule): Rule {
  return { ...rule, isGoal: true };
}

/** What holds for every run that asks for coupons. */
export function couponRules(coupons = 1): Rule[] {
  return [
    exactly(0, 'failed', 'failed requests'),
    exactly(0, 'refused', 'refusals for another reason'),
    exactly(0, 'misjudged', 'wrong answers'),
    exactly(coupons, 'audits', 'audits made'),
    exactly(0, 'audit_violations', 'violations found by them'),
  ];
}

/** Requests come at their rate, however slow the answers are: none may have been left out. */
export const NONE_DROPPED = exactly(0, 'dropped_iterations', 'requests not sent in time');

/** Options that all scenarios share. `phases` names k6 scenarios whose answers are told apart in the summary. */
export function loadOptions(
  scenarios: Record<string, Scenario>,
  rules: readonly Rule[],
  phases: readonly string[] = [],
): Options {
  const thresholds: Record<string, Threshold[]> = {};
  // A part of a metric is kept only where there is a threshold for it, be it an empty one.
  for (const kind of FAILURE_KINDS) thresholds[`failed{kind:${kind}}`] = [];
  for (const phase of [...phases, ...Object.keys(scenarios)]) thresholds[`http_req_duration{scenario:${phase}}`] = [];
  for (const phase of phases) {
    for (const outcome of OUTCOMES) {
      thresholds[`${outcome}{scenario:${phase}}`] = [];
      thresholds[`${outcome}_time{scenario:${phase}}`] = [];
    }
  }
  // Rules whose limit is a function look at these.
  for (const coupon of phases) thresholds[`issued_rows{coupon:${coupon}}`] = [];
  for (const { metric, statistic, is, limit, isGoal } of rules) {
    if (!isGoal && typeof limit === 'number') (thresholds[metric] ??= []).push(`${statistic}${is}${limit}`);
  }
  return {
    scenarios,
    thresholds,
    summaryTrendStats: TIME_STATISTICS,
    // Without the url: fifty thousand users would be as many time series.
    systemTags: ['status', 'method', 'name', 'group', 'check', 'error_code', 'scenario', 'expected_response'],
    setupTimeout: '60s',
    teardownTimeout: '180s',
  };
}

/** The measured value. A counter that nothing was added to is 0; any other value that is missing keeps no rule. */
export function measured({ metric, statistic }: Rule, metrics: Metrics): number {
  return metrics[metric]?.values[statistic] ?? (statistic === 'count' ? 0 : Number.NaN);
}

export function limitOf({ limit }: Rule, metrics: Metrics): number {
  return typeof limit === 'number' ? limit : limit(metrics);
}

export function holds(rule: Rule, metrics: Metrics): boolean {
  return COMPARISONS[rule.is](measured(rule, metrics), limitOf(rule, metrics));
}
