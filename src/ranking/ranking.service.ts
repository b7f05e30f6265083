import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { CONFIG } from '../platform/config/config.module.js';
import { ValidationFailedError } from '../platform/errors/platform.errors.js';
import { withinTimeLimit } from '../platform/time-limit.js';
import { BusinessCalendar } from './business-calendar.js';
import type { BusinessDay } from './business-day.js';
import type { Validity } from './ranking-lease.js';
import { RankingMetrics } from './ranking-metrics.js';
import type { RankingConfig } from './ranking.config.js';
import { type RankedProduct, type Snapshot, type Source, type SourcedSnapshot, TOP } from './ranking.js';
import type { DayQuery, TopQuery } from './ranking.schemas.js';
import { LedgerRanking, type LedgerSnapshot } from './reading/ledger-ranking.js';
import { LiveRanking } from './reading/live-ranking.js';

const REMEMBERED_DAYS = 32;

/** Where an answer came from, and the time of its numbers: null where there are none. */
interface Origin {
  readonly date: BusinessDay;
  readonly source: Source;
  readonly asOf: Date | null;
}

/** What a call is answered from. */
type Answer =
  SourcedSnapshot | { readonly source: 'none'; readonly asOf: null; readonly products: readonly RankedProduct[] };

/** Where a product stands. */
type Standing = Pick<ProductView, 'source' | 'asOf' | 'rank' | 'salesCount'>;

export type TopView = Origin & { readonly rankings: readonly RankedProduct[] };

export interface ProductView extends Origin {
  readonly productId: number;
  readonly rank: number | null;
  readonly salesCount: number | null;
}

/**
 * P7: answers from the best source that answers: Redis, the backup in MySQL, the paid orders in MySQL, the last good
 * answer in memory, and at last an empty list.
 */
@Injectable()
export class RankingService {
  private readonly remembered = new LRUCache<BusinessDay, Snapshot>({ max: REMEMBERED_DAYS });
  /** The answers that were written from a snapshot, by their limit. */
  private readonly written = new WeakMap<Answer, Map<number, Buffer>>();

  constructor(
    private readonly live: LiveRanking,
    private readonly ledgerRanking: LedgerRanking,
    private readonly calendar: BusinessCalendar,
    private readonly metrics: RankingMetrics,
    @Inject(CONFIG) private readonly config: RankingConfig,
  ) {}

  /** The products sold most on the day. @throws ValidationFailedError for a day to come */
  async top({ date, limit }: TopQuery): Promise<TopView> {
    const day = this.dayOf(date);
    return view(day, await this.answer(day), limit);
  }

  /** `top` as JSON, written once for all who share a snapshot: writing it took up to a third of the time of a call. */
  async topAsJson({ date, limit }: TopQuery): Promise<Buffer> {
    const day = this.dayOf(date);
    const answer = await this.answer(day);
    let byLimit = this.written.get(answer);
    if (byLimit === undefined) this.written.set(answer, (byLimit = new Map<number, Buffer>()));
    let json = byLimit.get(limit);
    if (json === undefined) byLimit.set(limit, (json = Buffer.from(JSON.stringify(view(day, answer, limit)))));
    return json;
  }

  /**
   * One product of the day: rank null and salesCount 0 when it was not sold, both null when the source can't know.
   *
   * @throws ValidationFailedError for a day to come
   */
  async product(productId: number, { date }: DayQuery): Promise<ProductView> {
    const day = this.dayOf(date);
    const { source, asOf, rank, salesCount } = await this.standing(day, productId);
    this.metrics.countRead(source);
    return { date: day, source, asOf, productId, rank, salesCount };
  }

  private async answer(day: BusinessDay): Promise<Answer> {
    const live = await this.live.top(day);
    if (live !== undefined) this.remember(day, live);
    const answer = live === undefined ? await this.fallBack(day) : ((await this.later(day, live)) ?? live);
    this.metrics.countRead(answer.source);
    return answer;
  }

  private async standing(day: BusinessDay, productId: number): Promise<Standing> {
    const live = await this.live.product(day, productId);
    if (live === undefined) return standingIn(await this.fallBack(day), productId);
    const stored = await this.later(day, live);
    return stored === undefined ? { source: 'redis', ...live } : standingIn(stored, productId);
  }

  /**
   * What MySQL has in the place of numbers of Redis that nobody has reconciled for long, of a time since they are not good
   * any more; a backup of before would take back sales that everybody has seen. Undefined where Redis is good, or MySQL
   * says nothing.
   */
  private async later(day: BusinessDay, { expiredAt }: Validity): Promise<LedgerSnapshot | undefined> {
    if (expiredAt === undefined) return undefined;
    const stored = await this.promptly(this.ledgerRanking.top(day, expiredAt));
    if (stored === undefined || stored.asOf < expiredAt) return undefined;
    this.remember(day, stored);
    return stored;
  }

  /** The answer if it comes soon: a MySQL that stands still must not hide what Redis knows. */
  private async promptly<T>(answer: Promise<T>): Promise<T | undefined> {
    const { readTimeoutMs } = this.config.ranking;
    return await withinTimeLimit(answer, readTimeoutMs, () => new Error('too late')).catch(() => undefined);
  }

  private async fallBack(day: BusinessDay): Promise<Answer> {
    const stored = await this.ledgerRanking.top(day);
    if (stored !== undefined) {
      this.remember(day, stored);
      return stored;
    }
    const remembered = this.remembered.get(day);
    return remembered === undefined
      ? { source: 'none', asOf: null, products: [] }
      : { source: 'memory', ...remembered };
  }

  /** The latest numbers: a backup that was read later may be older. An empty list is nothing to fall back to. */
  private remember(day: BusinessDay, { asOf, products }: Snapshot): void {
    const known = this.remembered.get(day);
    if (products.length > 0 && (known === undefined || known.asOf <= asOf))
      this.remembered.set(day, { asOf, products });
  }

  private dayOf(date: BusinessDay | undefined): BusinessDay {
    const today = this.calendar.today();
    if (date !== undefined && date > today) {
      throw new ValidationFailedError([{ path: 'date', message: `must not be later than today, ${today}` }]);
    }
    return date ?? today;
  }
}

function view(date: BusinessDay, { source, asOf, products }: Answer, limit: number): TopView {
  return { date, source, asOf, rankings: products.slice(0, limit) };
}

/** A product in a snapshot, which ends after the first 100. */
function standingIn({ source, asOf, products }: Answer, productId: number): Standing {
  const found = products.find((product) => product.productId === productId);
  if (found !== undefined) return { source, asOf, rank: found.rank, salesCount: found.salesCount };
  const isWhole = source !== 'none' && products.length < TOP;
  return { source, asOf, rank: null, salesCount: isWhole ? 0 : null };
}
