import type { LedgerSite } from '../ledger/ledger-site.js';
import { locking } from '../ledger/statement.js';
import type { World } from '../world/world.js';

/** What happens to the database server. */
export class LedgerFaults {
  constructor(
    private readonly world: World,
    private readonly site: LedgerSite,
  ) {}

  /** It ends, and is back after `ms`; what was not committed is rolled back. */
  restart(ms: number): void {
    this.site.stop();
    this.world.after(ms, 'MySQL is up', () => this.site.start(), undefined);
  }

  freeze(ms: number): void {
    this.site.party.frozenUntil = this.world.now + ms;
  }

  /** Someone who is no instance of ours holds the coupon's row lock. */
  lockRow(couponId: number, ms: number): void {
    const session = this.site.server.openSession('someone else');
    session.execute(
      locking('lock', (view) => view.lock(view.tables.coupons.byId, [couponId])),
      { inTransaction: true },
      () => undefined,
    );
    this.world.after(ms, 'row is unlocked', () => session.close(), undefined);
  }

  deleteCoupon(couponId: number): void {
    const session = this.site.server.openSession('someone else');
    const statement = locking('delete', (view) => view.deleteAll(view.tables.coupons.byId, couponId));
    session.execute(statement, { inTransaction: false }, () => session.close());
  }

  /** The node of this number, counted around, applies nothing for a while of what is committed elsewhere. */
  lag(number: number, ms: number): void {
    const nodes = this.site.galera?.all ?? [];
    nodes[number % Math.max(1, nodes.length)]?.lagFor(ms);
  }

  recover(): void {
    for (const node of this.site.galera?.all ?? []) node.recover();
    this.site.party.frozenUntil = 0;
    this.site.start();
  }
}
