/** How far k6 is, where nobody sees its own bar: in a pipe, in the log of CI. */

/** @import { Say } from '../services/messages.mjs' */

const INTERVAL_MS = 3_000;

/**
 * Says so every few seconds until the returned function is called. `address`: of k6's own HTTP server, as host:port.
 * @type {(address: string, say: Say) => () => void}
 */
export function tellProgress(address, say) {
  const startedAt = Date.now();
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    // One that is not answered is one less: k6 prepares, or has just ended.
    look(address).then(
      ({ requests, callers }) => say(`  ${seconds} s: ${requests.toLocaleString('en')} requests, ${callers} callers`),
      () => {},
    );
  }, INTERVAL_MS);
  return () => clearInterval(timer);
}

/** @param {string} address */
async function look(address) {
  const status = await ask(address, 'status');
  // There is no such metric before the first request.
  const requests = await ask(address, 'metrics/http_reqs').catch(() => ({ sample: { count: 0 } }));
  return { callers: status['vus'] ?? 0, requests: requests['sample']?.['count'] ?? 0 };
}

/** @param {string} address @param {string} what */
async function ask(address, what) {
  const response = await fetch(`http://${address}/v1/${what}`, { signal: AbortSignal.timeout(INTERVAL_MS) });
  /** @typedef {{ vus?: number, sample?: { count?: number } }} Attributes */
  const { data } = /** @type {{ data: { attributes: Attributes } }} */ (await response.json());
  return data.attributes;
}
