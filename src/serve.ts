import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { AppModule } from './app.module.js';
import { loadConfig } from './config.js';
import { configSummary } from './platform/config/config-summary.js';
import { plainTextWarnings } from './platform/config/plain-text-warnings.js';
import { ConfigError } from './platform/config/read-config.js';
import { createApp } from './platform/http/create-app.js';
import { ManagementServer } from './platform/http/management-server.js';
import { logLibraryOutput } from './platform/logging/library-output.js';
import { VERSION } from './platform/version.js';

/**
 * Connections that wait to be accepted. When a drop opens, thousands come at once; of those beyond Node's 511 the
 * system forgets the handshake: they wait for seconds or are reset. It has a limit too: net.core.somaxconn.
 */
const LISTEN_BACKLOG = 4096;

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

try {
  const config = loadConfig();
  logLibraryOutput();
  const app = await createApp(AppModule, config);
  const logger = new Logger('Main');
  logger.log(`firstcome ${VERSION} on Node.js ${process.versions.node}: ${configSummary(config)}`);
  for (const warning of plainTextWarnings(config)) logger.warn(warning);
  for (const signal of SIGNALS) {
    // Nest's own listener, added next, does the work; this is for the case that it does not come to an end.
    process.once(signal, () => setTimeout(() => process.exit(1), config.http.shutdownTimeoutMs).unref());
  }
  app.enableShutdownHooks([...SIGNALS], { useProcessExit: true });
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  // First: where it cannot, nobody is to be served for a moment.
  const management = await app.get(ManagementServer).listen(LISTEN_BACKLOG);
  await app.listen({ port: config.http.port, host: config.http.host, backlog: LISTEN_BACKLOG });
  const forOperators = management === undefined ? '' : `, for operators ${management},`;
  logger.log(`serving ${await app.getUrl()}${forOperators} under the profile ${config.profile}`);
} catch (error) {
  // Nobody has said yet how to log; these lines are for whoever just typed the command.
  if (error instanceof ConfigError) process.stderr.write(`${error.message}\n`);
  else new Logger('Main').fatal(error);
  process.exit(1);
}
