import { type AppConfig, loadConfig } from '../../../src/config.js';

/** What differs from one history to the next, by environment variable. */
export type Settings = Readonly<Record<string, string>>;

const BASE: Settings = {
  NODE_ENV: 'production',
  REDIS_URL: 'redis://redis:6379',
  DATABASE_URL: 'mysql://firstcome:secret@mysql:3306/firstcome',
  IDENTITY_MODE: 'trusted-callers',
  ADMIN_TOKEN: 'not-used-in-any-simulated-history-0123456789',
  METRICS_ENABLED: 'false',
  COUPON_HISTORY_ENABLED: 'false',
  // Often enough for a history of a minute.
  RANKING_RECONCILE_INTERVAL_MS: '7000',
  COUPON_ISSUE_TIMEOUT_MS: '3000',
  // A history has few steps for looking whether there is something to tell.
  OUTBOX_POLL_INTERVAL_MS: '1000',
};

const loaded = new Map<string, AppConfig>();

/** The configuration of production with these settings; read once for each set of them. */
export function configWith(settings: Settings): AppConfig {
  const key = JSON.stringify(settings);
  let config = loaded.get(key);
  if (config === undefined) loaded.set(key, (config = loadConfig({ ...BASE, ...settings })));
  return config;
}
