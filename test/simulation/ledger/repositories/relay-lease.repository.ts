import type { EntityManager } from 'typeorm';
import type { RelayLeaseRepository } from '../../../../src/events/relay/relay-lease.repository.js';
import { isLockConflict } from '../../../../src/platform/database/database-errors.js';
import type { RelayLeaseRow } from '../rows.js';
import { locking, reading } from '../statement.js';
import type { View } from '../view.js';
import { type PublicPart, runnerOf, type StatementRunner } from './statement-runner.js';

/** The statements of the real one, over the simulated table `relay_leases`. */
export class SimulatedRelayLeaseRepository implements PublicPart<RelayLeaseRepository> {
  constructor(private readonly outside: StatementRunner) {}

  async take(owner: string, leaseMs: number): Promise<number | undefined> {
    const isFree = (lease: RelayLeaseRow, { now }: View): boolean =>
      lease.owner === null || lease.owner === owner || lease.untilAt < now;
    const found = await this.outside.run(
      reading('relayLease.isFree', (view) => {
        const lease = view.find(view.tables.relayLeases.byId, [1]);
        return lease !== undefined && isFree(lease, view);
      }),
    );
    if (!found) return undefined;
    const isTaken = await this.change('relayLease.take', (lease, view) =>
      isFree(lease, view)
        ? { ...lease, owner, token: lease.token + 1, untilAt: new Date(view.now.getTime() + leaseMs) }
        : undefined,
    );
    if (!isTaken) return undefined;
    return await this.outside.run(
      reading('relayLease.token', (view) => {
        const lease = view.find(view.tables.relayLeases.byId, [1]);
        return lease?.owner === owner ? lease.token : undefined;
      }),
    );
  }

  async renew(token: number, leaseMs: number): Promise<boolean> {
    return await this.change('relayLease.renew', (lease, view) =>
      lease.token === token ? { ...lease, untilAt: new Date(view.now.getTime() + leaseMs) } : undefined,
    );
  }

  async giveUp(token: number): Promise<void> {
    await this.change('relayLease.giveUp', (lease) => (lease.token === token ? { ...lease, owner: null } : undefined));
  }

  /** With an exclusive lock where the real one has a shared one: those of one term wait for each other, which is rare. */
  async holds(manager: EntityManager, token: number): Promise<boolean> {
    return await runnerOf(manager).run(
      locking('relayLease.holds', function* (view) {
        return (yield* view.lock(view.tables.relayLeases.byId, [1]))?.token === token;
      }),
    );
  }

  private async change(
    name: string,
    change: (lease: RelayLeaseRow, view: View) => RelayLeaseRow | undefined,
  ): Promise<boolean> {
    try {
      return await this.outside.run(
        locking(name, (view) => view.update(view.tables.relayLeases.byId, [1], (lease) => change(lease, view))),
      );
    } catch (error) {
      if (isLockConflict(error)) return false;
      throw error;
    }
  }
}
