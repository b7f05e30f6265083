import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const CONFIG = fileURLToPath(new URL('../../config/', import.meta.url));
/** Prometheus' own. */
const GIVEN_METRICS = new Set(['up', 'ALERTS']);
const GIVEN_LABELS = new Set(['job', 'instance', 'alertstate', 'le']);

/** Something that is asked of Prometheus, and where that is written. */
interface Expression {
  readonly where: string;
  readonly text: string;
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook: string };
}

interface Dashboard {
  readonly file: string;
  readonly uid: string;
  readonly title: string;
  readonly panels: ReadonlyArray<{
    readonly id: number;
    readonly title: string;
    readonly type: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets?: ReadonlyArray<{ readonly expr: string }>;
  }>;
  readonly templating: { readonly list: ReadonlyArray<{ readonly name: string; readonly definition?: string }> };
}

export function alertRules(): Rule[] {
  const file: { groups: Array<{ rules: Rule[] }> } = parse(readFileSync(`${CONFIG}prometheus/alerts.yml`, 'utf8'));
  return file.groups.flatMap(({ rules }) => rules);
}

export function dashboards(): Dashboard[] {
  const directory = `${CONFIG}grafana/dashboards/`;
  return readdirSync(directory).map(
    (file) => ({ file, ...(JSON.parse(readFileSync(directory + file, 'utf8')) as object) }) as Dashboard,
  );
}

/** Every expression of a rule, a panel or a variable of a dashboard. */
export function allExpressions(): Expression[] {
  const ofRules = alertRules().map(({ alert, expr }) => ({ where: alert, text: expr }));
  const ofDashboards = dashboards().flatMap(({ title, panels, templating }) => [
    ...panels.flatMap((panel) =>
      (panel.targets ?? []).map(({ expr }) => ({ where: `${title}: ${panel.title}`, text: expr })),
    ),
    ...templating.list.flatMap(({ name, definition = '' }) => {
      const text = /^label_values\((.*), \w+\)$/.exec(definition)?.[1];
      return text === undefined ? [] : [{ where: `${title}: $${name}`, text }];
    }),
  ]);
  return [...ofRules, ...ofDashboards];
}

/** The metrics an expression names, with the labels it asks each of them for; Prometheus' own left out. */
export function selectorsOf(text: string): Array<{ name: string; labels: string[] }> {
  const selectors = [...text.matchAll(/([a-zA-Z_]\w*)\{([^}]*)\}/g)].map(([, name = '', matchers = '']) => ({
    name,
    labels: [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)]
      .map(([, label = '']) => label)
      .filter((label) => !GIVEN_LABELS.has(label)),
  }));
  const bare = [...text.matchAll(/\b(?:firstcome|nodejs|process)_\w+/g)].map(([name]) => ({ name, labels: [] }));
  return [...selectors, ...bare].filter(({ name }) => !GIVEN_METRICS.has(name));
}

/** What is one and the same however many instances show it: of a coupon, a Redis server, the ranking. */
const SHOWN_BY_EVERY_INSTANCE =
  /firstcome_(?:coupon_\w+|coupons_open|redis_\w+|ranking_\w+_age_seconds|outbox_\w+|sinks_disabled)/;
const ADDED_UP = new RegExp(
  String.raw`\b(?:sum|avg)\s*(?:(?:by|without)\s*\([^)]*\))?\s*\(\s*(${SHOWN_BY_EVERY_INSTANCE.source})`,
  'g',
);

/** The metrics of which the instances' values are added up although every instance shows the same thing. */
export function wronglyAddedUp(text: string): string[] {
  return [...text.matchAll(ADDED_UP)].map(([, name = '']) => name);
}
