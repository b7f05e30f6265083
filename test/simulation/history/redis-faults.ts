import { reservationKeys } from '../../../src/coupon/reservation/reservation-keys.js';
import type { KeyspaceContents } from '../redis/keyspace.js';
import type { RedisSite } from '../redis/redis-site.js';
import type { World } from '../world/world.js';

type ReservationKey = 'state' | 'reserved' | 'users' | 'sequence' | 'pending';

/** What happens to Redis. */
export class RedisFaults {
  private histories = 1;
  private writesRefusedUntil = 0;

  constructor(
    private readonly world: World,
    private readonly site: RedisSite,
    /** Called when something may be gone of what Redis held. */
    private readonly mayHaveLost: () => void,
  ) {}

  /** What it holds now, to come back with later. */
  remember(): KeyspaceContents {
    return this.site.process.keyspace.snapshot();
  }

  /** Another process comes up after `ms`, with what the last one held or with what is given. */
  restart(ms: number, contents?: KeyspaceContents): void {
    const before = this.site.process;
    this.world.tell(`${before.name} ends`);
    before.isDead = true;
    this.site.isReachable = false;
    this.site.dropClients();
    this.site.replace(contents ?? before.keyspace.snapshot(), this.newHistory());
    this.mayHaveLost();
    this.world.after(
      ms,
      'Redis is up',
      () => {
        this.site.isReachable = true;
        this.world.tell(`${this.site.process.name} is up`);
      },
      undefined,
    );
  }

  freeze(ms: number): void {
    this.site.process.frozenUntil = this.world.now + ms;
  }

  /** The same process, with the same connections, holds what it held then, and continues another history. */
  turnBack(contents: KeyspaceContents): void {
    const { process } = this.site;
    process.keyspace.restore(contents);
    process.continueAs(this.newHistory());
    this.mayHaveLost();
  }

  /** A replica with these contents is promoted. The old master follows it, with its clients, or is gone. */
  failOver(contents: KeyspaceContents, { isHeldOpen }: { isHeldOpen: boolean }): void {
    const before = this.site.replace(contents, this.newHistory());
    this.world.tell(`${this.site.process.name} is promoted in place of ${before.name}`);
    if (isHeldOpen) {
      before.keyspace.restore(contents);
      before.demote();
    } else {
      before.isDead = true;
      this.site.dropClients();
    }
    this.mayHaveLost();
  }

  /** FLUSHALL: the same process, of the same name, holds nothing. */
  empty(): void {
    this.command(['FLUSHALL']);
  }

  loseKey(couponId: number, key: ReservationKey): void {
    this.command(['DEL', reservationKeys[key](couponId)]);
  }

  /** It gets a replica, or has none any more for long: nothing is lost. */
  rename(): void {
    this.site.process.continueAs(this.newHistory());
  }

  refuseWrites(refusal: string, ms: number): void {
    this.site.process.refuseWrites(refusal);
    this.writesRefusedUntil = this.world.now + ms;
    this.world.after(ms, 'Redis takes writes', () => this.takeWrites(), undefined);
  }

  /** Ends whatever is going on. */
  recover(): void {
    this.site.process.frozenUntil = 0;
    this.writesRefusedUntil = 0;
    this.takeWrites();
  }

  /** Of someone with a client of their own; while Redis takes no writes it takes theirs neither. */
  private command(words: readonly string[]): void {
    const { keyspace } = this.site.process;
    if (keyspace.refusal !== undefined) return;
    keyspace.call(words);
    this.mayHaveLost();
  }

  private takeWrites(): void {
    if (this.world.now >= this.writesRefusedUntil) this.site.process.refuseWrites(undefined);
  }

  private newHistory(): string {
    this.histories += 1;
    return `history${this.histories}`;
  }
}
