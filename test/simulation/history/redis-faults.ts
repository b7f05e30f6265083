import { reservationKeys } from '../../../src/coupon/reservation/reservation-keys.js';
import type { KeyspaceContents } from '../redis/keyspace.js';
import type { RedisFleet } from '../redis/redis-fleet.js';
import type { RedisProcess } from '../redis/redis-process.js';
import type { RedisSite } from '../redis/redis-site.js';
import type { Party } from '../world/party.js';
import type { World } from '../world/world.js';

export const NO_REPLICAS = 'NOREPLICAS Not enough good replicas to write.';
/** `min-replicas-max-lag 2`, as the docs set it. */
const MIN_REPLICAS_MAX_LAG_MS = 2000;

type ReservationKey = 'state' | 'reserved' | 'users' | 'sequence' | 'pending';

/** By what something may be gone: a fail-over loses what no replica had. */
export type Loss = 'FAIL_OVER' | 'OTHER';

/** What happens to one Redis server and its replica. */
export class RedisFaults {
  private writesRefusedUntil = 0;
  /** Masters in whose place others were promoted, and that go on. */
  private readonly deposed: RedisProcess[] = [];

  constructor(
    private readonly world: World,
    private readonly fleet: RedisFleet,
    readonly site: RedisSite,
    /** Called when something may be gone of what Redis held. */
    private readonly mayHaveLost: (how: Loss) => void,
  ) {}

  /** What it holds now, to come back with later. */
  remember(): KeyspaceContents {
    return this.site.process.keyspace.snapshot();
  }

  /** Another process comes up after `ms`, with what the last one held or with what is given. */
  restart(ms: number, contents?: KeyspaceContents): void {
    const before = this.site.process;
    this.world.tell(`${before.name} ends`);
    this.kill(before);
    if (contents !== undefined) this.fleet.cancelMoves(this.site);
    this.site.replace(contents ?? before.keyspace.snapshot(), this.fleet.newHistory());
    this.mayHaveLost('OTHER');
    this.world.after(ms, 'Redis is up', () => this.comesUp(), undefined);
  }

  freeze(ms: number): void {
    this.site.process.frozenUntil = this.world.now + ms;
  }

  /** The same process, with the same connections, holds what it held then, and continues another history. */
  turnBack(contents: KeyspaceContents): void {
    const { process } = this.site;
    if (process.isDead) return;
    this.fleet.cancelMoves(this.site);
    this.site.restore(process, contents);
    process.continueAs(this.fleet.newHistory());
    this.mayHaveLost('OTHER');
  }

  /** The replica is behind from now on, until it is promoted. */
  stopReplica(): void {
    this.site.stopReplica();
  }

  /** The replica has caught up. */
  resumeReplica(): void {
    this.site.resumeReplica();
  }

  /** The replica stands still for a while. */
  freezeReplica(ms: number): void {
    this.site.stopReplica();
    this.world.after(ms, 'replica goes on', () => this.site.resumeReplica(), undefined);
  }

  /**
   * The replica is promoted, with what it has, after `ms` in which nobody answers. The old master follows it, with its
   * clients, or is gone.
   */
  failOver({ isHeldOpen, ms }: { isHeldOpen: boolean; ms: number }): void {
    const before = this.site.process;
    if (ms > 0) this.kill(before);
    const promote = (): void => {
      if (this.site.process === before) this.promote(before, isHeldOpen);
    };
    if (ms === 0) promote();
    else this.world.after(ms, 'replica is promoted', promote, undefined);
  }

  /**
   * The replica is promoted, and the old master lives on as one: an instance that is told late goes on talking to it.
   * With `hasMinReplicas` it takes no writes any more as soon as it has missed its replica for long enough.
   */
  split(instance: Party | undefined, { ms, hasMinReplicas }: { ms: number; hasMinReplicas: boolean }): void {
    const { site, fleet } = this;
    const before = site.process;
    if (before.isDead) return;
    const contents = site.contentsOfReplica;
    fleet.cancelMoves(site);
    site.replace(contents, fleet.newHistory(), { isElsewhere: fleet.isCluster });
    site.resumeReplica();
    fleet.version += 1;
    this.world.tell(`${site.process.name} is promoted, and ${instance?.name} goes on talking to ${before.name}`);
    site.dropClientsOf(before, { but: instance });
    this.deposed.push(before);
    fleet.hasHadTwoMasters = true;
    if (hasMinReplicas) {
      this.world.after(MIN_REPLICAS_MAX_LAG_MS, 'NOREPLICAS', () => before.refuseWrites(NO_REPLICAS), undefined);
    }
    this.world.after(ms, 'sentinels are heard', () => this.endSplit(before), undefined);
    this.mayHaveLost('FAIL_OVER');
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
    this.site.process.continueAs(this.fleet.newHistory());
  }

  refuseWrites(refusal: string, ms: number): void {
    this.site.process.refuseWrites(refusal);
    this.writesRefusedUntil = this.world.now + ms;
    this.world.after(ms, 'Redis takes writes', () => this.takeWrites(), undefined);
  }

  /** The keys of the slot go to another server of the cluster, one every `ms`. */
  moveSlot(slot: number, to: RedisSite, ms: number): void {
    const from = this.site;
    const { fleet } = this;
    // What an operator looks at before.
    if (from === to || to.isReplicaStopped || fleet.isSlotMoving(slot)) return;
    fleet.beginMove(slot, to);
    const moveNext = (): void => {
      if (!fleet.isSlotMoving(slot)) return;
      const isPossible = [from, to].every((site) => site.isReachable && takesWrites(site.process, this.world.now));
      if (isPossible && !fleet.moveKey(slot)) this.world.tell(`slot ${slot} is at ${to.process.name} from now on`);
      else this.world.after(ms, 'a key is moved', moveNext, undefined);
    };
    moveNext();
  }

  /** Ends whatever is going on. */
  recover(): void {
    this.site.process.frozenUntil = 0;
    for (let process = this.deposed[0]; process !== undefined; process = this.deposed[0]) this.endSplit(process);
    this.site.resumeReplica();
    this.writesRefusedUntil = 0;
    this.takeWrites();
  }

  private endSplit(process: RedisProcess): void {
    const index = this.deposed.indexOf(process);
    if (index < 0) return;
    this.deposed.splice(index, 1);
    this.site.dropClientsOf(process);
    process.demote();
  }

  private promote(before: RedisProcess, isHeldOpen: boolean): void {
    const { site, fleet } = this;
    const contents = site.contentsOfReplica;
    const isAlive = isHeldOpen && !before.isDead;
    fleet.cancelMoves(site);
    site.replace(contents, fleet.newHistory(), { isElsewhere: fleet.isCluster });
    site.resumeReplica();
    fleet.version += 1;
    this.world.tell(`${site.process.name} is promoted in place of ${before.name}`);
    if (isAlive) {
      site.restore(before, contents);
      before.demote();
    } else if (!before.isDead) {
      this.kill(before);
    }
    site.isReachable = true;
    this.mayHaveLost('FAIL_OVER');
  }

  private kill(process: RedisProcess): void {
    process.isDead = true;
    this.site.isReachable = false;
    this.site.dropClientsOf(process);
  }

  private comesUp(): void {
    this.site.isReachable = true;
    this.world.tell(`${this.site.process.name} is up`);
  }

  /** Of someone with a client of their own; while Redis takes no writes it takes theirs neither. */
  private command(words: readonly string[]): void {
    const { keyspace, isDead } = this.site.process;
    if (isDead || keyspace.refusal !== undefined) return;
    keyspace.call(words);
    this.mayHaveLost('OTHER');
  }

  private takeWrites(): void {
    if (this.world.now >= this.writesRefusedUntil) this.site.process.refuseWrites(undefined);
  }
}

function takesWrites(process: RedisProcess, now: number): boolean {
  return !process.isDead && !process.isFrozenAt(now) && process.keyspace.refusal === undefined;
}
