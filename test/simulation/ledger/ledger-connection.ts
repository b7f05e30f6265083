import { fromDriver } from '../../../src/platform/database/database-errors.js';
import { EventEmitter } from 'node:events';
import type { Chance } from '../world/chance.js';
import { Link, type Weather } from '../world/link.js';
import type { Party } from '../world/party.js';
import type { LedgerServer, Statement } from './ledger-server.js';
import type { LedgerSite } from './ledger-site.js';

type Session = ReturnType<LedgerServer['openSession']>;
type Callback = (error: Error | null, result?: unknown) => void;

/** What our data source hands to mysql2's `query` in the place of values. */
export interface StatementOptions {
  readonly statement: Statement<unknown>;
  readonly inTransaction: boolean;
}

/** As the driver says it. */
function connectionLost(): Error {
  const message = 'Connection lost: The server closed the connection.';
  return fromDriver(Object.assign(new Error(message), { code: 'PROTOCOL_CONNECTION_LOST', fatal: true }));
}

/**
 * What the pool sees in place of a connection of mysql2. The server works on one message of a connection after the
 * other: it learns that the connection has ended when it is done with what was sent before.
 */
export class LedgerConnection extends EventEmitter {
  readonly link: Link;
  /** mysql2's socket, as far as `breakOff` uses it. */
  readonly stream = { destroy: (error: Error) => this.end(error) };
  private readonly session: Session;
  private readonly inbox: Array<() => void> = [];
  private isServerBusy = false;
  private waiting: Callback[] = [];
  private isEnded = false;

  constructor(
    private readonly site: LedgerSite,
    readonly instance: Party,
    chance: Chance,
    weather: Weather,
    private readonly releaseTo: (connection: LedgerConnection) => void,
    private readonly ended: (connection: LedgerConnection) => void,
  ) {
    super();
    this.link = new Link(site.world, instance, site.party, chance, weather, 'slownessOfMysql');
    this.session = site.server.openSession(instance.name, site.galera?.nodeOf(instance.name));
    this.session.onClosed = () => this.closedByServer();
    site.connections.add(this);
  }

  /** A statement, or COMMIT or ROLLBACK of the transaction that the statements before have begun. */
  query(sql: string, values: StatementOptions | undefined, callback: Callback): void {
    this.send(sql, callback, (done) => {
      if (sql === 'COMMIT') this.session.commit((error) => done(error));
      else if (sql === 'ROLLBACK') {
        this.session.rollback();
        done(undefined);
      } else if (values === undefined) done(new Error(`the simulated ledger runs no SQL: ${sql}`));
      else this.session.execute(values.statement, { inTransaction: values.inTransaction }, done);
    });
  }

  ping(callback: Callback): void {
    this.send('ping', callback, (done) => done(undefined));
  }

  /** Back into the pool. */
  release(): void {
    this.releaseTo(this);
  }

  destroy(): void {
    this.end(connectionLost());
  }

  /** The network, or the server, ends the connection. */
  breakOff(): void {
    this.link.cut();
    this.session.close();
    this.site.connections.delete(this);
    this.site.world.after(1, 'MySQL: connection lost', () => this.end(connectionLost()), this.instance);
  }

  /** The process at this end has died; its kernel sends what was written, and then closes. */
  processDied(): void {
    this.link.closedByKernel(() => this.receive(() => this.closeSession()));
  }

  private send(
    name: string,
    callback: Callback,
    carryOut: (done: (error: Error | undefined, result?: unknown) => void) => void,
  ): void {
    if (this.isEnded) {
      this.site.world.after(0, 'MySQL: not connected', () => callback(connectionLost()), this.instance);
      return;
    }
    this.waiting.push(callback);
    const operation = { name, instance: this.instance, link: this.link };
    this.link.toServer(`MySQL: ${name}`, () =>
      this.receive(() => {
        this.site.strikes.pass('before', operation);
        if (!this.session.isOpen) return;
        this.isServerBusy = true;
        carryOut((error, result) => {
          this.isServerBusy = false;
          if (error === undefined) this.site.strikes.pass('after', operation);
          this.link.toInstance('MySQL: reply', () => this.answered(callback, error, result));
          this.work();
        });
      }),
    );
  }

  private answered(callback: Callback, error: Error | undefined, result: unknown): void {
    const index = this.waiting.indexOf(callback);
    // It was told before that the connection has ended.
    if (index < 0) return;
    this.waiting.splice(index, 1);
    if (error === undefined) callback(null, result);
    else callback(error);
  }

  private receive(message: () => void): void {
    this.inbox.push(message);
    this.work();
  }

  private work(): void {
    while (!this.isServerBusy) {
      const message = this.inbox.shift();
      if (message === undefined) return;
      message();
    }
  }

  /** At this end: whoever waits hears the error, and the server learns of it in its time. */
  private end(error: Error): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.link.toServer('MySQL: closed', () => this.receive(() => this.closeSession()));
    const waiting = this.waiting.splice(0);
    for (const callback of waiting) callback(error);
    this.ended(this);
    this.emit('end');
  }

  private closeSession(): void {
    this.session.close();
    this.link.cut();
    this.site.connections.delete(this);
  }

  private closedByServer(): void {
    this.link.toInstance('MySQL: session ended', () => this.end(connectionLost()));
    this.site.connections.delete(this);
  }
}
