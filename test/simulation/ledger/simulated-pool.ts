import { EventEmitter } from 'node:events';
import type { Pool } from 'mysql2';
import type { Chance } from '../world/chance.js';
import type { Weather } from '../world/link.js';
import type { Party } from '../world/party.js';
import { LedgerConnection } from './ledger-connection.js';
import type { LedgerSite } from './ledger-site.js';

type Callback = (error: Error | null, connection?: LedgerConnection) => void;

/** What the application's own pool sees in place of mysql2's. It never holds anyone back: the application's does. */
export class SimulatedPool extends EventEmitter {
  private readonly unused: LedgerConnection[] = [];
  private readonly open = new Set<LedgerConnection>();
  private readonly chance: Chance;

  constructor(
    private readonly site: LedgerSite,
    private readonly instance: Party,
    private readonly weather: Weather,
    private readonly connectTimeoutMs: number,
  ) {
    super();
    this.chance = site.world.chance(`network between ${instance.name} and MySQL`);
  }

  /** As the application types it. */
  asPool(): Pool {
    return this as unknown as Pool;
  }

  get connections(): Iterable<LedgerConnection> {
    return this.open;
  }

  getConnection(callback: Callback): void {
    const connection = this.unused.pop();
    if (connection === undefined) {
      this.connect(callback);
      return;
    }
    this.emit('acquire', connection);
    callback(null, connection);
  }

  end(callback: (error?: Error | null) => void): void {
    for (const connection of this.open) connection.destroy();
    callback(null);
  }

  private connect(callback: Callback): void {
    const { world } = this.site;
    const isSilent = this.site.party.isFrozenAt(world.now);
    const ms = isSilent ? this.connectTimeoutMs : this.chance.next() * 3;
    world.after(
      ms,
      'MySQL: connect',
      () => {
        if (isSilent || !this.site.isReachable) {
          const code = isSilent ? 'ETIMEDOUT' : 'ECONNREFUSED';
          callback(Object.assign(new Error(`connect ${code}`), { code, fatal: true }));
          return;
        }
        const connection = new LedgerConnection(
          this.site,
          this.instance,
          this.chance,
          this.weather,
          (released) => this.released(released),
          (ended) => this.drop(ended),
        );
        this.open.add(connection);
        this.emit('connection', connection);
        this.emit('acquire', connection);
        callback(null, connection);
      },
      this.instance,
    );
  }

  private released(connection: LedgerConnection): void {
    if (!this.open.has(connection)) return;
    this.unused.push(connection);
    this.emit('release', connection);
  }

  private drop(connection: LedgerConnection): void {
    this.open.delete(connection);
    const index = this.unused.indexOf(connection);
    if (index >= 0) this.unused.splice(index, 1);
  }
}
