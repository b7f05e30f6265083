/** What was measured, as a table for people and as JSON. */
import { mean, spread, spreadOf } from '../measuring/statistics.mjs';

/** @import { Generator } from './generator.mjs' */
/** @import { Measured } from './measure.mjs' */
/** @typedef {{ name: string, what: string, app: string, rounds: Measured[] }} Series  of one case at one app */

/**
 * What a case has to reach: at least (or, of p99, at most) so many times what another one does, in the same round.
 * @type {Array<{ name: string, than: string, least?: number, mostP99?: number }>}
 */
const BARS = [
  { name: 'reserve', than: 'echo', least: 0.65 },
  { name: 'rpc', than: 'reserve', least: 0.8 },
  { name: 'reserve-token-seen', than: 'reserve', least: 0.92 },
  { name: 'issue', than: 'echo', least: 0.3 },
  { name: 'reserve', than: 'lock', least: 12 },
  { name: 'sold-out', than: 'echo', least: 0.8 },
  { name: 'ranking', than: 'echo', least: 0.5 },
  { name: 'reserve-1m', than: 'reserve-1k', mostP99: 1.3 },
];

/** In Markdown, mean ± standard deviation over the rounds. @param {Series[]} all @param {Generator} generator */
export function table(all, { p95Is }) {
  const head = [
    'case',
    'requests/s',
    'p50 ms',
    `${p95Is} ms`,
    'p99 ms',
    '× echo',
    '× lock',
    'CPU µs: app · Redis · MySQL',
  ];
  const apps = new Set(all.map(({ app }) => app));
  const rows = all.map((series) => {
    const { rounds, name, app } = series;
    return [
      apps.size > 1 ? `${name} (${app})` : name,
      spreadOf(rounds, ({ perSecond }) => perSecond, 0),
      spreadOf(rounds, ({ p50 }) => p50, 1),
      spreadOf(rounds, ({ p95 }) => p95, 1),
      spreadOf(rounds, ({ p99 }) => p99, 1),
      timesOf(series, all, 'echo'),
      timesOf(series, all, 'lock'),
      cpu(rounds),
    ];
  });
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** One line for each bar that was measured. @param {Series[]} all */
export function verdicts(all) {
  return BARS.flatMap(({ name, than, least, mostP99 }) => {
    const [one, other] = [name, than].map((wanted) => all.find((series) => series.name === wanted));
    if (!one || !other) return [];
    if (mostP99 !== undefined) {
      const ratio = mean(ratios(one, other, ({ p99 }) => p99));
      return [verdict(`p99 of ${name} at most ${mostP99} × ${than}`, ratio, ratio <= mostP99)];
    }
    const ratio = mean(ratios(one, other, ({ perSecond }) => perSecond));
    return [verdict(`${name} at least ${least} × ${than}`, ratio, ratio >= (least ?? 0))];
  });
}

/**
 * What each case gives and costs at the other apps, beside the first one in the same rounds. Time of the processor says
 * more than throughput, which whatever else runs on the machine moves too.
 * @param {Series[]} all
 */
export function comparisons(all) {
  const [first] = all;
  return all.flatMap((series) => {
    const baseline = all.find(({ name, app }) => name === series.name && app === first?.app);
    if (!baseline || baseline === series) return [];
    const changes = ratios(series, baseline, ({ perSecond }) => perSecond).map((ratio) => (ratio - 1) * 100);
    const more = `${series.name}: ${series.app} gives ${spread(changes, 1)} % more requests/s than ${baseline.app}`;
    return [more, ...cpuComparison(series, baseline)];
  });
}

/** @param {Series} series @param {Series} baseline */
function cpuComparison(series, baseline) {
  const [costs, usual] = [series, baseline].map(({ rounds }) => rounds.map(({ cpu: { app } }) => app ?? Number.NaN));
  if (!costs || !usual || [...costs, ...usual].some(Number.isNaN)) return [];
  const differences = costs.map((cost, index) => cost - Number(usual[index]));
  const both = `${spread(costs, 1)} and ${spread(usual, 1)}`;
  return [
    `${series.name}: ${series.app} takes ${spread(differences, 1)} µs more CPU of the app a request than ${baseline.app}: ${both}`,
  ];
}

/** @type {(one: Series, other: Series, of: (round: Measured) => number) => number[]} */
function ratios(one, other, of) {
  return one.rounds.map((round, index) => of(round) / of(/** @type {Measured} */ (other.rounds[index])));
}

/** @param {Series} series @param {Series[]} all @param {string} than */
function timesOf(series, all, than) {
  const other = all.find(({ name, app }) => name === than && app === series.app);
  if (!other || series.name === than) return '';
  const times = ratios(series, other, ({ perSecond }) => perSecond);
  return spread(times, 2);
}

/** @type {(what: string, ratio: number, isReached: boolean) => string} */
function verdict(what, ratio, isReached) {
  return `${isReached ? 'reached' : 'MISSED '}  ${what}: ${ratio.toFixed(2)}`;
}

/** @param {Measured[]} rounds */
function cpu(rounds) {
  const names = Object.keys(rounds[0]?.cpu ?? {});
  return names
    .map((name) => rounds.map((round) => round.cpu[name]).filter((value) => value !== null && value !== undefined))
    .map((values) => (values.length === 0 ? '?' : mean(values).toFixed(0)))
    .join(' · ');
}
