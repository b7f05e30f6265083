import { beforeAll, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { allExpressions } from '../support/monitoring-expressions.js';
import { eventually } from '../support/poll.js';
import { havePrometheus, Prometheus, PROMETHEUS_CONFIG, promtool } from '../support/prometheus.js';
import { Site } from '../support/site.js';
import { newUserId } from '../support/unique-ids.js';

const describeWithPrometheus = (await havePrometheus()) ? describe : describe.skip;

describeWithPrometheus('promtool', () => {
  it('finds the rules and the configuration in order', async () => {
    expect(
      await promtool('check', 'rules', '--lint=all', '--lint-fatal', join(PROMETHEUS_CONFIG, 'alerts.yml')),
    ).toContain('SUCCESS');
    expect(
      await promtool('check', 'config', '--lint=all', '--lint-fatal', join(PROMETHEUS_CONFIG, 'prometheus.yml')),
    ).toContain('SUCCESS');
  });

  it('sees each rule fire when it should, and not before', async () => {
    expect(await promtool('test', 'rules', join(PROMETHEUS_CONFIG, 'alerts.test.yml'))).toContain('SUCCESS');
  });
});

describeWithPrometheus('a Prometheus that watches the application', () => {
  let site: Site;
  let prometheus: Prometheus;

  beforeAll(async () => {
    site = await Site.open();
    prometheus = await Prometheus.watching(await site.start());
    const { couponId } = await site.api.createCoupon();
    await site.api.issue(couponId, newUserId());
    await eventually(async () => expect(await prometheus.query('up{job="firstcome"} == 1')).toHaveLength(1));
  });

  async function eventuallyAlerts(expected: object): Promise<void> {
    await eventually(async () => {
      expect(
        (await prometheus.alerts()).map(({ labels, state }) => ({ [String(labels['alertname'])]: state })),
      ).toEqual(expected);
    });
  }

  it('understands every expression of the rules and the dashboards', async () => {
    for (const { where, text } of allExpressions()) {
      const asked = text.replaceAll('$__rate_interval', '20s').replaceAll('$coupon', '1').replaceAll('$instance', '.*');
      await expect(prometheus.query(asked).then(() => where)).resolves.toBe(where);
    }
  });

  it('has the alert pending while Redis is away, and no more when it is back', async () => {
    await eventuallyAlerts([]);
    await site.redisServer.kill();
    await eventuallyAlerts([{ RedisDown: 'pending' }]);
    await site.redisServer.restart();
    await eventuallyAlerts([]);
  });

  it('has the alert pending while MySQL is away', async () => {
    await site.mysqlServer.kill();
    await eventuallyAlerts([{ MySqlDown: 'pending' }]);
    await site.mysqlServer.restart();
    await eventuallyAlerts([]);
  });
});
