import { beforeAll, describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ApiClient } from '../support/api-client.js';
import { type AppProcess, startApp } from '../support/app-process.js';
import { ISSUE_ROUTE } from '../support/campaign-client.js';
import { eventuallyShows, Scrape } from '../support/metrics.js';
import {
  alertRules,
  allExpressions,
  dashboards,
  selectorsOf,
  wronglyAddedUp,
} from '../support/monitoring-expressions.js';
import { RUNBOOK } from '../support/runbook.js';
import { newUserId } from '../support/unique-ids.js';

/** What the rules, the dashboards and the documents name is there: metrics of an application that runs, and tests. */

const PROJECT = fileURLToPath(new URL('../../', import.meta.url));
const ARCHITECTURE = readFileSync(`${PROJECT}docs/architecture.md`, 'utf8');

let app: AppProcess;
let scrape: Scrape;

beforeAll(async () => {
  app = await startApp({ waitFor: '/health/ready' });
  const api = new ApiClient(app.url);
  const { couponId } = await api.createCoupon();
  await reserveInEveryWay(api, couponId);
  await api.call('/api/products/ranking/top');
  await eventuallyShows(app, (shown) =>
    expect(shown.value('firstcome_coupon_drift', { coupon_id: String(couponId) })).toBe(0),
  );
  scrape = await Scrape.of(app);
});

async function reserveInEveryWay(api: ApiClient, couponId: number): Promise<void> {
  const post = { method: 'POST' } as const;
  const answers = [
    await api.issue(couponId, newUserId()),
    await api.reserve(couponId, newUserId()),
    await api.call(`/coupons/${newUserId()}/issue-async?couponId=${couponId}`, post),
    // There a number has 32 bits.
    await api.call(ISSUE_ROUTE, { ...post, body: { campaignId: couponId, userId: 1 } }),
  ];
  expect(answers.filter(({ error }) => error !== undefined)).toEqual([]);
}

describe('every rule and every panel', () => {
  it('asks for metrics that there are', () => {
    const { names } = scrape;
    const unknown = allExpressions().flatMap(({ where, text }) =>
      selectorsOf(text)
        .filter(({ name }) => !names.has(name))
        .map(({ name }) => `${where}: ${name}`),
    );
    expect(unknown).toEqual([]);
    expect(allExpressions().length).toBeGreaterThan(50);
  });

  it('asks them for labels that they have', () => {
    const unknown = allExpressions().flatMap(({ where, text }) =>
      selectorsOf(text).flatMap(({ name, labels }) => {
        const [sample] = scrape.all(name);
        return labels
          .filter((label) => sample === undefined || !(label in sample.labels))
          .map((label) => `${where}: ${name}{${label}}`);
      }),
    );
    expect(unknown).toEqual([]);
  });

  it('that is about calls that reserve has all of them', () => {
    const routes = scrape
      .all('firstcome_http_request_duration_seconds_count')
      .map(({ labels }) => labels['route'] ?? '');
    const patterns = allExpressions().flatMap(({ text }) => /route=~"(.*?reserve.*?)"/.exec(text)?.[1] ?? []);
    expect(patterns.length).toBeGreaterThan(0);
    for (const pattern of patterns) {
      const shown = routes.filter((route) => new RegExp(`^(?:${pattern})$`).test(route));
      expect(shown.sort()).toEqual([
        '/api/coupons/:couponId/issue',
        '/api/coupons/:couponId/reserve',
        ISSUE_ROUTE,
        '/coupons/:userId/issue-async',
      ]);
    }
  });

  it('adds up over the instances nothing that all of them show', () => {
    expect(
      allExpressions().flatMap(({ where, text }) => wronglyAddedUp(text).map((name) => `${where}: ${name}`)),
    ).toEqual([]);
    expect(wronglyAddedUp('sum(firstcome_coupon_issued{job="firstcome"}) + max(firstcome_coupon_pending{})')).toEqual([
      'firstcome_coupon_issued',
    ]);
    expect(
      wronglyAddedUp('sum(max by (node) (firstcome_redis_node_replicas)) / avg by (node) (firstcome_redis_node_up)'),
    ).toEqual(['firstcome_redis_node_up']);
  });

  it('would be found out if it did not', () => {
    expect(selectorsOf('sum(rate(no_such_metric{job="firstcome", way="up"}[1m])) / firstcome_other')).toEqual([
      { name: 'no_such_metric', labels: ['way'] },
      { name: 'firstcome_other', labels: [] },
    ]);
  });
});

describe('every alert', () => {
  it.each(alertRules().map((rule): [string, typeof rule] => [rule.alert, rule]))(
    '%s says what is wrong and where to read on',
    (_name, rule) => {
      const { summary, description, runbook } = rule.annotations;
      expect(summary.length).toBeGreaterThan(10);
      expect(description).toMatch(/\.$/);
      expect(runbook).toBe(`docs/operations.md#${rule.alert.toLowerCase()}`);
      expect(RUNBOOK).toMatch(new RegExp(`^#+ ${rule.alert}$`, 'm'));
    },
  );
});

describe('the handbook', () => {
  it('has a row for every metric of ours, and none for another', () => {
    const ours = [...scrape.text.matchAll(/^# TYPE (firstcome_\S+)/gm)].map(([, name]) => name);
    const described = [...RUNBOOK.matchAll(/^\| `(firstcome_\w+)/gm)].map(([, name]) => name);
    expect(new Set(described)).toEqual(new Set(ours));
    expect(described).toHaveLength(ours.length);
  });
});

describe('the table of the promises', () => {
  it('names tests that there are, for every promise', () => {
    const specs = ['src', 'test']
      .flatMap((directory) => readdirSync(PROJECT + directory, { encoding: 'utf8', recursive: true }))
      .flatMap((file) => (file.endsWith('.spec.ts') ? [basename(file, '.spec.ts')] : []));
    const attackedBy = [...ARCHITECTURE.matchAll(/^\| P\d .*\| (.*) \|$/gm)].map(
      ([, cell = '']) => cell.match(/[\w-]+/g) ?? [],
    );
    expect(attackedBy).toHaveLength(9);
    expect(attackedBy.filter((names) => names.length === 0)).toEqual([]);
    expect(attackedBy.flat().filter((name) => !specs.includes(name))).toEqual([]);
  });
});

describe('the dashboards', () => {
  it.each(dashboards().map((dashboard): [string, typeof dashboard] => [dashboard.file, dashboard]))(
    '%s is laid out without overlaps',
    (_file, { uid, panels }) => {
      expect(uid).toMatch(/^firstcome-[a-z-]+$/);
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
      const taken = new Set<string>();
      for (const {
        gridPos: { x, y, w, h },
      } of panels) {
        expect(x + w).toBeLessThanOrEqual(24);
        for (let column = x; column < x + w; column += 1) {
          for (let row = y; row < y + h; row += 1) {
            expect(taken.has(`${column} ${row}`)).toBe(false);
            taken.add(`${column} ${row}`);
          }
        }
      }
    },
  );
});
