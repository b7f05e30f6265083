import { CommandDraws, drawCommand } from './drawn-commands.js';
import { CouponDraws, SCRIPT_CALLS } from './drawn-scripts.js';
import { randomFrom } from './random.js';
import { Dice, type Operation, type Sequence } from './redis-operations.js';

const OPERATIONS = 40;
const REBUILD = ['beginRebuild', 'addRebuiltUsers', 'addRebuiltUsers', 'swapRebuilt', 'endRebuild'];
const READS = ['topProducts', 'productRank', 'sinceReconcile'];
const RECONCILE = [
  'beginReconcile',
  'countOrders',
  'uncountOrders',
  'endReconcile',
  'countOrders',
  'uncountOrders',
  ...READS,
];
const EMPTY_DAY = ['beginReconcile', 'endReconcile', 'topProducts'];
/** Much has to be right before they do all that they can. */
const CHOOSY_SCRIPTS = ['lowerTotal', 'lowerTotal', 'releaseLeaked', 'releaseLeaked', 'publishDefinition'];
/** In place of a number, an id or a text. */
const HOSTILE = ['', 'x', '-1', '1.5', ' 7 ', '0x10', '1e3', '-0', '999999999999999', 'a\nb', '수량', 'nx'];

/** Operations on two coupons and one day of the ranking. */
export function drawSequence(seed: number): Sequence {
  return { seed, operations: new SequenceDraws(new Dice(randomFrom(seed))).draw() };
}

class SequenceDraws {
  private readonly coupons: readonly [CouponDraws, CouponDraws];
  private readonly commands: CommandDraws;
  private readonly operations: Operation[] = [];
  /** How many of 20 operations are commands past our scripts, which leave little as the scripts expect it. */
  private readonly commandsOf20: number;

  constructor(private readonly dice: Dice) {
    this.coupons = [new CouponDraws(dice, 1), new CouponDraws(dice, 2)];
    this.commands = new CommandDraws(dice, this.coupons[0]);
    this.commandsOf20 = dice.pick(0, 1, 5, 18);
  }

  /** Now and then the server takes no writes towards the end. */
  draw(): Operation[] {
    if (this.dice.isOneIn(4)) this.addAll(EMPTY_DAY);
    this.addAll(REBUILD);
    while (this.operations.length < OPERATIONS) this.addNext();
    if (!this.dice.isOneIn(4)) return this.operations;
    this.operations.push({ refuse: this.dice.pick('READONLY', 'OOM') });
    while (this.operations.length < OPERATIONS * 1.5) this.addNext();
    return this.operations;
  }

  private addNext(): void {
    if (this.dice.below(20) < this.commandsOf20) {
      this.operations.push({ command: drawCommand(this.commands) });
      return;
    }
    const kind = this.dice.below(20);
    if (kind < 6) this.addScript('reserveCoupon');
    else if (kind < 8) this.addScript('confirmReservations');
    else if (kind < 10) this.addScript('releaseReservations');
    else if (kind < 11) this.addAll(REBUILD);
    else if (kind < 12) this.addAll(RECONCILE);
    else this.addScript(this.dice.pick(...Object.keys(SCRIPT_CALLS), ...CHOOSY_SCRIPTS));
  }

  /** Each of them, mostly. */
  private addAll(scripts: readonly string[]): void {
    const coupon = this.coupon();
    for (const script of scripts) if (!this.dice.isOneIn(12)) this.addScript(script, coupon);
  }

  private addScript(script: string, coupon = this.coupon()): void {
    const call = SCRIPT_CALLS[script]?.(coupon, this.dice);
    if (call === undefined) throw new Error(`nobody draws arguments for ${script}`);
    const operation = { script, ...call };
    this.operations.push(this.commandsOf20 > 0 && this.dice.isOneIn(15) ? this.spoil(operation) : operation);
  }

  private spoil({ script, keys, args }: { script: string } & Record<'keys' | 'args', readonly string[]>): Operation {
    switch (this.dice.below(5)) {
      case 0:
        return { script, keys, args: args.slice(0, -1) };
      case 1:
        return { script, keys, args: [...args, this.dice.pick(...HOSTILE)] };
      case 2:
        return { script, keys: keys.with(this.dice.below(keys.length), this.dice.pick(...keys)), args };
      default:
        return args.length === 0
          ? { script, keys, args }
          : { script, keys, args: args.with(this.dice.below(args.length), this.dice.pick(...HOSTILE)) };
    }
  }

  private coupon(): CouponDraws {
    return this.coupons[this.dice.isOneIn(6) ? 1 : 0];
  }
}
