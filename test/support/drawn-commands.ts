import { CouponDraws, drawProduct, drawTtl, RANKING_KEYS } from './drawn-scripts.js';
import type { Dice } from './redis-operations.js';

const INTEGERS = ['1', '2', '-1', '5', '5', '30', 'x', '1.5', ' 7', '', '999999999999999'];
const SCORES = ['1', '3', '3', '-2', '0.5', '1e3', '0x10', 'nan', 'x', ' 3', ''];
const BOUNDS = ['-inf', '+inf', '0', '2', '(2', '(3', '1e1', '(', 'x', 'nan'];
const TTLS = ['0', '-5', 'x', '1.5', '9223372036854775807'];
const VALUES = ['', 'x', '0', '1', '2', '3', '5', '-3', ' 4', '007', '1e3', '999999999999999', '쿠폰 🎟', 'a\nb'];
const FIELDS = ['server', 'active', 'total', 'version', 'epoch', '한글'];
const [SALES = '', ORDERS = '', COMPLETE = '', RECONCILING = ''] = RANKING_KEYS;

/** What the commands of one sequence are drawn from: mostly one key of each type, so that they meet. */
export class CommandDraws {
  private readonly hashKey: string;
  private readonly stringKey: string;
  private readonly setKey: string;
  private readonly sortedSetKey: string;

  constructor(
    readonly dice: Dice,
    private readonly coupon: CouponDraws,
  ) {
    const [state = '', reserved = '', users = '', sequence = '', pending = '', lock = '', rebuildUsers = ''] =
      coupon.keys;
    this.hashKey = state;
    this.stringKey = dice.pick(reserved, sequence, lock, COMPLETE);
    this.setKey = dice.pick(users, rebuildUsers, ORDERS, RECONCILING);
    this.sortedSetKey = dice.pick(pending, SALES);
  }

  /** Of any type. */
  key(): string {
    return this.dice.isOneIn(2)
      ? this.dice.pick(this.hashKey, this.stringKey, this.setKey, this.sortedSetKey)
      : this.dice.pick(...this.coupon.keys, ...RANKING_KEYS);
  }

  hash = (): string => this.mostly(this.hashKey);
  string = (): string => this.mostly(this.stringKey);
  set = (): string => this.mostly(this.setKey);
  sortedSet = (): string => this.mostly(this.sortedSetKey);

  /** One to three of something. */
  some(draw: () => string | readonly string[]): string[] {
    return Array.from({ length: 1 + this.dice.below(3) }, draw).flat();
  }

  maybe(...words: readonly string[]): readonly string[] {
    return this.dice.isOneIn(2) ? words : [];
  }

  value = (): string => this.dice.pick(...VALUES);
  integer = (): string => this.dice.pick(...INTEGERS);
  score = (): string => this.dice.pick(...SCORES);
  bound = (): string => this.dice.pick(...BOUNDS);
  index = (): string => this.dice.pick('0', '0', '-1', '1', '-3', '10', 'x', '1.5');
  field = (): string => this.dice.pick(...FIELDS);
  ttl = (): string => (this.dice.isOneIn(4) ? this.dice.pick(...TTLS) : drawTtl(this.dice));
  /** Of a set or a sorted set. */
  member = (): string => (this.dice.isOneIn(3) ? drawProduct(this.dice) : String(1 + this.dice.below(12)));

  private mostly(key: string): string {
    return this.dice.isOneIn(8) ? this.key() : key;
  }
}

/** The arguments of every command whose answer does not depend on when it is asked, and by whom. */
const COMMAND_ARGUMENTS: Readonly<Record<string, (draw: CommandDraws) => readonly string[]>> = {
  GET: (draw) => [draw.string()],
  SET: (draw) => [
    draw.dice.pick(draw.key(), draw.string()),
    draw.value(),
    ...draw.maybe('PX', draw.ttl()),
    ...draw.maybe('NX'),
  ],
  INCRBY: (draw) => [draw.string(), draw.integer()],
  DECR: (draw) => [draw.string()],
  TYPE: (draw) => [draw.key()],
  EXISTS: (draw) => draw.some(() => draw.key()),
  DEL: (draw) => draw.some(() => draw.key()),
  UNLINK: (draw) => draw.some(() => draw.key()),
  RENAME: (draw) => [draw.key(), draw.key()],
  PEXPIRE: (draw) => [draw.key(), draw.ttl()],
  PERSIST: (draw) => [draw.key()],
  HGET: (draw) => [draw.hash(), draw.field()],
  HMGET: (draw) => [draw.hash(), ...draw.some(draw.field)],
  HGETALL: (draw) => [draw.hash()],
  HSET: (draw) => [draw.hash(), ...draw.some(() => [draw.field(), draw.value()]), ...draw.maybe(...draw.maybe('odd'))],
  SADD: (draw) => [draw.set(), ...draw.some(draw.member)],
  SREM: (draw) => [draw.set(), ...draw.some(draw.member)],
  SCARD: (draw) => [draw.set()],
  SISMEMBER: (draw) => [draw.set(), draw.member()],
  SMISMEMBER: (draw) => [draw.set(), ...draw.some(draw.member)],
  SSCAN: (draw) => [draw.set(), draw.dice.pick('0', '0', 'x'), ...draw.maybe('MATCH', '1*'), 'COUNT', '1000'],
  ZADD: (draw) => [draw.sortedSet(), ...draw.maybe('NX'), ...draw.some(() => [draw.score(), draw.member()])],
  ZINCRBY: (draw) => [draw.sortedSet(), draw.score(), draw.member()],
  ZREM: (draw) => [draw.sortedSet(), ...draw.some(draw.member)],
  ZCARD: (draw) => [draw.sortedSet()],
  ZSCORE: (draw) => [draw.sortedSet(), draw.member()],
  ZMSCORE: (draw) => [draw.sortedSet(), ...draw.some(draw.member)],
  ZCOUNT: (draw) => [draw.sortedSet(), draw.bound(), draw.bound()],
  ZRANK: (draw) => [draw.sortedSet(), draw.member()],
  ZRANGE: (draw) => [draw.sortedSet(), draw.index(), draw.index(), ...draw.maybe('WITHSCORES')],
  ZREVRANGE: (draw) => [draw.sortedSet(), draw.index(), draw.index(), ...draw.maybe('WITHSCORES')],
  ZRANGEBYSCORE: (draw) => [
    draw.sortedSet(),
    draw.bound(),
    draw.bound(),
    ...draw.maybe('WITHSCORES'),
    ...draw.maybe('LIMIT', draw.index(), draw.index()),
  ],
  PING: () => [],
  SPUBLISH: (draw) => ['coupon:{1}:outcomes', draw.value()],
  SCAN: (draw) => [draw.dice.pick('0', '0', 'x'), ...draw.maybe('MATCH', 'coupon:{*}:*'), 'COUNT', '1000'],
  CONFIG: () => ['GET', 'maxmemory-policy'],
  FLUSHALL: () => [],
};

/** What several commands have to come together for. */
const FREQUENT_COMMANDS = ['SET', 'SET', 'INCRBY', 'INCRBY', 'PEXPIRE', 'PEXPIRE', 'RENAME', 'GET'];

/** A command with arguments that may fit or not. */
export function drawCommand(draws: CommandDraws): string[] {
  const { dice } = draws;
  const name = dice.pick(...Object.keys(COMMAND_ARGUMENTS), ...FREQUENT_COMMANDS);
  // It would end most sequences before they have begun.
  if (name === 'FLUSHALL' && !dice.isOneIn(10)) return drawCommand(draws);
  const words = [name, ...(COMMAND_ARGUMENTS[name]?.(draws) ?? [])];
  return words.length > 1 && dice.isOneIn(30) ? words.slice(0, -1) : words;
}
