import { reservationKeys } from '../../../src/coupon/reservation/reservation-keys.js';
import { REDIS_SCRIPTS } from '../../../src/redis-scripts.js';
import type { SimulatedInstance } from '../instance/simulated-instance.js';
import { configWith } from '../instance/settings.js';
import { logInto } from '../instance/simulated-logger.js';
import { LedgerError } from '../ledger/ledger-error.js';
import { SimulatedBroker } from '../kafka/simulated-broker.js';
import { LedgerSite } from '../ledger/ledger-site.js';
import type { Mutation } from '../mutations/mutation.js';
import type { KeyspaceContents } from '../redis/keyspace.js';
import type { Lua } from '../redis/lua.js';
import { RedisFleet } from '../redis/redis-fleet.js';
import { Receiver } from '../sinks/receiver.js';
import { Chance } from '../world/chance.js';
import type { WorldEvent } from '../world/event-queue.js';
import type { Weather } from '../world/link.js';
import type { Party } from '../world/party.js';
import { RealResources } from '../world/real-resources.js';
import { enter } from '../world/replace-globals.js';
import { type Moment, type Operation, Strikes } from '../world/strikes.js';
import { World } from '../world/world.js';
import type { StrikeEffect } from './kinds/strikes.js';
import { Instances } from './instances.js';
import { LedgerFaults } from './ledger-faults.js';
import { Observer } from './observer.js';
import { FAULTS_END_MS } from './moments.js';
import type { Plan } from './plan.js';
import { placeCoupons } from './place-coupons.js';
import { Recovery } from './recovery.js';
import { RedisFaults } from './redis-faults.js';
import { Violation } from './violation.js';

const PACE_LOOK_MS = 500;
const STEPS_BETWEEN_LOOKS = 256;
const FREEZE_MS = 9000;
const HOLD_UP_MS = 11_000;
/** Longer than a command may take, and shorter than the silence after which a connection is given up. */
const HOLD_UP_FOR_A_MOMENT_MS = 2000;

/** What must not be logged in any history: a fault of ours, or of the simulation. */
const OUR_FAULT = /TypeError|RangeError|ReferenceError|SyntaxError|is not simulated|nothing is provided/;

/** How a history ended. */
export interface Outcome {
  readonly violation: Violation | undefined;
  readonly steps: number;
  readonly fingerprint: string;
  readonly story: readonly string[];
  readonly admitted: number;
  readonly lost: number;
}

interface Options {
  readonly lua: Lua;
  readonly mutation?: Mutation | undefined;
  /** Tells every step, and not only what matters. */
  readonly isVerbose?: boolean;
}

/** One history: the world of a plan, in which it happens. */
export class History {
  readonly world: World;
  readonly redis: RedisFleet;
  readonly ledger: LedgerSite;
  readonly receivers: readonly Receiver[];
  readonly broker: SimulatedBroker;
  readonly observer: Observer;
  readonly instances: Instances;
  private readonly redisFaults: readonly RedisFaults[];
  readonly ledgerFaults: LedgerFaults;
  /** Nobody comes of themselves. */
  isDemandOver = false;
  private readonly weather: { -readonly [Name in keyof Weather]: Weather[Name] };
  readonly strikes = new Strikes();
  private readonly recovery: Recovery;
  private readonly realResources = new RealResources();
  private violation: Violation | undefined;
  private hasEnded = false;

  constructor(
    readonly plan: Plan,
    { lua, mutation, isVerbose = false }: Options,
  ) {
    this.world = new World(plan.seed);
    this.world.isVerbose = isVerbose;
    enter(this.world);
    logInto(this.world, (message) => this.logged(message));
    const scripts = mutation?.scripts?.(REDIS_SCRIPTS) ?? REDIS_SCRIPTS;
    this.redis = new RedisFleet(this.world, lua, scripts, this.strikes, plan.shards);
    this.ledger = new LedgerSite(this.world, this.strikes, plan);
    this.receivers = Array.from(
      { length: plan.receivers },
      (_, index) => new Receiver(this.world, `webhook:${index + 1}`),
    );
    this.broker = new SimulatedBroker(this.world, this.chanceOf('Kafka'));
    this.observer = new Observer(this.world, plan, this.redis, this.ledger, this.receivers);
    const patch = (instance: SimulatedInstance): void => mutation?.instance?.(instance);
    this.weather = { ...plan.weather };
    const config = configWith(plan.settings);
    this.instances = new Instances(
      {
        world: this.world,
        redis: this.redis,
        ledger: this.ledger,
        receivers: this.receivers,
        broker: this.broker,
        config,
        weather: this.weather,
      },
      patch,
    );
    this.redisFaults = this.redis.sites.map(
      (site) => new RedisFaults(this.world, this.redis, site, (how) => this.observer.mayHaveLost(how)),
    );
    this.ledgerFaults = new LedgerFaults(this.world, this.ledger);
    this.recovery = new Recovery(this);
    placeCoupons(plan, this.ledger.server.tables);
    this.ledger.server.tables.relayLeases.put({ id: 1, owner: null, token: 0, untilAt: new Date(0) });
    this.refuseRows();
    mutation?.history?.(this);
  }

  /** Lets everything happen, until all is well again or a promise is broken. */
  async run(): Promise<Outcome> {
    for (let count = 0; count < this.plan.instances; count += 1) this.instances.start();
    for (const { at, what, happen, prepare, disturbs } of this.plan.events) {
      if (prepare !== undefined) {
        this.later(Math.max(0, at - prepare.leadMs), 'prepare', () => prepare.happen(this));
      }
      this.later(at, 'event', () => {
        this.world.tell(what);
        if (disturbs !== undefined) this.observer.disturbed(disturbs);
        happen(this);
      });
    }
    this.later(FAULTS_END_MS, 'faults end', () => this.recovery.begin());
    const { slownessOfMysql, slownessOfRedis } = this.plan.weather;
    // Where every message takes long a reservation does, too.
    if (slownessOfMysql === 1 && slownessOfRedis === 1) this.lookAtPace();
    await this.runSteps();
    return {
      violation: this.violation,
      steps: this.world.steps,
      fingerprint: this.world.fingerprint,
      story: this.world.story,
      admitted: this.observer.admittedSoFar,
      lost: this.observer.lossesSoFar,
    };
  }

  /** All is well: nothing more needs to happen. */
  end(): void {
    this.hasEnded = true;
  }

  /** A promise was broken; what is broken first counts. */
  fail(error: unknown): void {
    if (!(error instanceof Violation)) throw error;
    this.violation ??= error;
  }

  /** An event of the world itself. */
  later(ms: number, label: string, run: () => void): WorldEvent {
    return this.world.after(ms, label, run, undefined);
  }

  chanceOf(name: string): Chance {
    return this.world.chance(name);
  }

  /** Does it to the instance of this number, counted around, if there is one. */
  withInstance(number: number, strike: (instance: SimulatedInstance) => void): void {
    const instance = this.instances.which(number);
    if (instance !== undefined) strike(instance);
  }

  /** What happens to the Redis server of this number, counted around: there may be but one. */
  redisFaultsOf(number: number): RedisFaults {
    return this.redisFaults[number % this.redisFaults.length] as RedisFaults;
  }

  /** What happens to the one that has the coupon. */
  redisFaultsOfCoupon(couponId: number): RedisFaults {
    return this.redisFaultsAt(this.redis.siteOf(reservationKeys.state(couponId)).process);
  }

  /** What happens to the site of this process; to any, for a process of no Redis. */
  redisFaultsAt(process: Party): RedisFaults {
    const index = this.redis.sites.findIndex((site) => site.process === process);
    return this.redisFaultsOf(Math.max(0, index));
  }

  /** Moves the keys of a coupon to the server of this number, one every `ms`. */
  moveSlotOf(couponId: number, number: number, ms: number): void {
    const slot = this.redis.slotOf(reservationKeys.state(couponId));
    this.redisFaultsOfCoupon(couponId).moveSlot(slot, this.redis.which(number), ms);
  }

  moveClock(number: number, ms: number): void {
    const parties = this.parties();
    const party = parties[number % parties.length];
    if (party === undefined) return;
    this.world.tell(`the clock of ${party.name} jumps`);
    party.clockOffsetMs += ms;
    this.observer.ranking.clocksDiffer();
  }

  planStrike(operation: string, moment: Moment, nth: number, effect: StrikeEffect): void {
    const announce = ({ instance }: Operation): void => {
      this.world.tell(`${moment} ${operation} of ${instance.name}: ${effect}`);
      this.observer.disturbed('EVERYTHING');
    };
    if (effect === 'turn Redis back') {
      this.planTurningBack(operation, nth, announce);
      return;
    }
    this.strikes.plan(operation, moment, nth, (struck) => {
      announce(struck);
      this.strike(struck, effect);
    });
  }

  /** Everything that was wrong is over. */
  endFaults(): void {
    this.strikes.isOver = true;
    for (const faults of this.redisFaults) faults.recover();
    this.redis.finishMoves();
    this.ledgerFaults.recover();
    for (const receiver of this.receivers) receiver.mood = 'TAKES';
    Object.assign(this.broker, { isAway: false, lostPercent: 0, latePercent: 0, doubledPercent: 0 });
    this.ledger.server.refuses = () => undefined;
    Object.assign(this.weather, { latePercent: 0, veryLatePercent: 0, slownessOfRedis: 1, slownessOfMysql: 1 });
    for (const party of this.parties()) party.clockOffsetMs = 0;
  }

  private parties(): Party[] {
    return [...this.instances.all, ...this.redis.sites.map(({ process }) => process), this.ledger.party];
  }

  /** Redis is afterwards as it was before the operation, whatever the moment. */
  private planTurningBack(operation: string, nth: number, announce: (struck: Operation) => void): void {
    let before: KeyspaceContents;
    this.strikes.plan(operation, 'before', nth, ({ link }) => (before = this.redisFaultsAt(link.server).remember()));
    this.strikes.plan(operation, 'after', nth, (struck) => {
      announce(struck);
      this.redisFaultsAt(struck.link.server).turnBack(before);
    });
  }

  private strike({ instance, link }: Operation, effect: Exclude<StrikeEffect, 'turn Redis back'>): void {
    const struck = instance as SimulatedInstance;
    switch (effect) {
      case 'crash':
        return this.instances.crash(struck);
      case 'vanish':
        return this.instances.crash(struck, { isHost: true });
      case 'freeze':
        return this.instances.freeze(struck, FREEZE_MS);
      case 'cut to Redis':
        return struck.cutOffRedis();
      case 'cut to MySQL':
        return struck.cutOffLedger();
      case 'cut this link':
        return struck.cutOff(link);
      case 'hold up this link':
        return link.stall(HOLD_UP_MS);
      case 'hold up this link for a moment':
        return link.stall(HOLD_UP_FOR_A_MOMENT_MS);
    }
  }

  private lookAtPace(): void {
    this.later(PACE_LOOK_MS, 'look at the pace', () => {
      this.observer.checkPace(this.plan.longestPendingMs);
      this.lookAtPace();
    });
  }

  private async runSteps(): Promise<void> {
    try {
      while (!this.hasEnded && this.violation === undefined && (await this.world.step())) {
        this.observer.check();
        if (this.world.steps % STEPS_BETWEEN_LOOKS === 0) this.realResources.assertNoneAdded();
      }
      this.realResources.assertNoneAdded();
    } catch (error) {
      this.fail(error);
    }
  }

  /** The database takes no rows of some users, most of the time. */
  private refuseRows(): void {
    const chance = this.chanceOf('refused rows');
    const { refusedUsers, refusedPercent } = this.plan;
    this.ledger.server.refuses = (table, row) =>
      table === 'userCoupons' && 'userId' in row && refusedUsers.has(row.userId) && chance.is(refusedPercent / 100)
        ? new LedgerError(1366, 'ER_TRUNCATED_WRONG_VALUE_FOR_FIELD', 'HY000', `Incorrect value for user ${row.userId}`)
        : undefined;
  }

  private logged(message: string): void {
    if (OUR_FAULT.test(message)) this.fail(new Violation('no unknown error', message));
  }
}
