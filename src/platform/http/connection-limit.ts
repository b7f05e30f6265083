import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { Server } from 'node:http';
import type { Counter } from 'prom-client';
import { CONFIG } from '../config/config.module.js';
import type { Config } from '../config/config.schema.js';
import { LogLimit } from '../logging/log-limit.js';
import { MetricsRegistry } from '../metrics/metrics-registry.js';
import { HttpServers } from './http-servers.js';
import { ManagementServer } from './management-server.js';

/** For the connections to Redis and MySQL, the log, and what the program itself opens. */
const FILES_FOR_OURSELVES = 1_000;
/** On the management port: however many come to the other one, an operator gets in. */
const MANAGEMENT_CONNECTIONS = 500;
const REFUSED_LINES = { lines: 1, intervalMs: 10_000 };

/**
 * Limits how many connections there may be at once: without it a flood of them would take the files that the ones to
 * Redis and MySQL need. One too many is closed as soon as it is accepted.
 */
@Injectable()
export class ConnectionLimit implements OnModuleInit {
  private readonly logger = new Logger('Http');
  private readonly refused: Counter;
  private allowed = 0;

  constructor(
    registry: MetricsRegistry,
    private readonly servers: HttpServers,
    private readonly management: ManagementServer,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.refused = registry.counter(
      'firstcome_http_connections_refused_total',
      'Connections closed at once, since there were as many as there may be.',
    );
  }

  /** How many there may be at once on the public port; known once the modules are initialized. */
  get limit(): number {
    return this.allowed;
  }

  onModuleInit(): void {
    const files = openFileLimit();
    const { server } = this.management;
    const ofManagement = server === undefined ? 0 : Math.min(MANAGEMENT_CONNECTIONS, this.config.http.maxConnections);
    this.allowed = connectionLimit(this.config.http.maxConnections, files - ofManagement);
    this.apply(this.servers.public, this.allowed);
    if (server !== undefined) this.apply(server, ofManagement);
    const more = server === undefined ? '' : `, and ${ofManagement} on the management port`;
    this.logger.log(`takes up to ${this.allowed} connections at once${more}; the process may open ${files} files`);
  }

  private apply(server: Server, limit: number): void {
    const lines = new LogLimit(REFUSED_LINES, (count) =>
      this.logger.warn(`${count} more connections were refused within ${REFUSED_LINES.intervalMs / 1000} s`),
    );
    server.maxConnections = limit;
    server.on('drop', () => {
      this.refused.inc();
      lines.write(() => this.logger.warn(`a connection was refused: there are ${limit}, as many as there may be`));
    });
  }
}

/** As many as are wanted, if the process may open so many files; where it may open few, for half of them. */
export function connectionLimit(wanted: number, files: number): number {
  return Math.min(wanted, Math.max(files - FILES_FOR_OURSELVES, Math.floor(files / 2)));
}

/** How many files the process may open; Infinity where the operating system sets no limit. */
function openFileLimit(): number {
  const { report } = process;
  // Else it would ask DNS for the name of each peer.
  Object.assign(report, { excludeNetwork: true });
  const { userLimits } = report.getReport() as { userLimits?: { open_files?: { soft: number | string } } };
  const limit = Number(userLimits?.open_files?.soft);
  return Number.isNaN(limit) ? Number.POSITIVE_INFINITY : limit;
}
