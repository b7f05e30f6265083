/** node dns-process.mjs PORT INSTANCE-PORT...: a DNS server of its own process, until it is ended. */
import { startDnsServer } from '../services/dns-server.mjs';

const [port, ...instances] = process.argv.slice(2).map(Number);
await startDnsServer(
  instances.map((instance) => ({ address: '127.0.0.1', port: instance })),
  port,
);
