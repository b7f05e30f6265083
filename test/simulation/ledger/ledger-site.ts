import { Party } from '../world/party.js';
import type { Strikes } from '../world/strikes.js';
import type { World } from '../world/world.js';
import { GaleraCluster } from './galera.js';
import type { LedgerConnection } from './ledger-connection.js';
import { LedgerServer } from './ledger-server.js';

/** As `lockWaitLimit` and `idleTransactionLimit` set them for the default configuration. */
const LOCK_WAIT_MS = 5000;
const IDLE_TRANSACTION_MS = 15_000;

/** The database server at its address, with the connections that lead to it. */
export class LedgerSite {
  readonly party = new Party('mysql');
  readonly server: LedgerServer;
  readonly connections = new Set<LedgerConnection>();
  /** Undefined: a single server. */
  readonly galera: GaleraCluster | undefined;
  /** False while nothing listens there. */
  isReachable = true;

  constructor(
    readonly world: World,
    readonly strikes: Strikes,
    { isGalera = false } = {},
  ) {
    if (isGalera) this.galera = new GaleraCluster({ now: () => world.now, chance: world.chance('Galera') });
    this.server = new LedgerServer({
      timers: {
        after: (ms, label, run) => {
          const event = world.after(ms, label, run, this.party);
          return { cancel: () => (event.isCancelled = true) };
        },
      },
      now: () => new Date(Math.floor(world.wallClockMs(this.party))),
      lockWaitMs: LOCK_WAIT_MS,
      idleTransactionMs: IDLE_TRANSACTION_MS,
    });
  }

  /** The server process ends: what was not committed is rolled back, and every connection breaks. */
  stop(): void {
    this.isReachable = false;
    for (const connection of this.connections) connection.breakOff();
  }

  start(): void {
    this.isReachable = true;
  }
}
