/** A shared worker: all tabs of a browser listen to one stream. Browsers allow only six connections to a server. */
import { LiveSource } from './live-source.js';

/** @typedef {{ join: number | null } | { leave: true }} Wish  join with the coupon that is looked at, if it is an old one */

/** @type {Map<MessagePort, number | null>} */
const tabs = new Map();

/** @type {LiveSource | undefined} */
let source;

addEventListener('connect', (event) => {
  const [port] = /** @type {MessageEvent} */ (event).ports;
  if (port === undefined) return;
  port.addEventListener('message', (/** @type {MessageEvent<Wish>} */ { data }) => {
    if ('leave' in data) {
      tabs.delete(port);
      return;
    }
    const isNew = !tabs.has(port);
    tabs.set(port, data.join);
    source ??= new LiveSource((message) => {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port leads to one tab
      for (const [tabPort] of tabs) tabPort.postMessage(message);
    });
    if (isNew) port.postMessage(source.latest);
    source.ask([...new Set([...tabs.values()].filter((couponId) => couponId !== null))].slice(0, 10));
  });
  port.start();
});
