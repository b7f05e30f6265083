import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock.js';
import { CONFIG } from '../platform/config/config.module.js';
import { addDays, boundsOf, type BusinessDay, businessDayOf, type DayBounds } from './business-day.js';
import type { RankingConfig } from './ranking.config.js';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Days for which Redis keeps a ranking, today included. */
const KEPT_DAYS = 8;

/** Which day it is, and when a day begins and ends, in `ranking.timeZone`. */
@Injectable()
export class BusinessCalendar {
  private readonly timeZone: string;
  /** The day asked for last, with its times: nearly every question is about today. */
  private last: { readonly day: BusinessDay; readonly bounds: DayBounds } | undefined;

  constructor(
    private readonly clock: Clock,
    @Inject(CONFIG) config: Pick<RankingConfig, 'ranking'>,
  ) {
    this.timeZone = config.ranking.timeZone;
  }

  today(): BusinessDay {
    return this.dayOf(this.clock.now());
  }

  /** The day of a sale is that of its `paidAt`. */
  dayOf(time: Date): BusinessDay {
    if (this.last !== undefined && this.last.bounds.from <= time && time < this.last.bounds.to) return this.last.day;
    const day = businessDayOf(time, this.timeZone);
    this.last = { day, bounds: boundsOf(day, this.timeZone) };
    return day;
  }

  boundsOf(day: BusinessDay): DayBounds {
    return this.last?.day === day ? this.last.bounds : boundsOf(day, this.timeZone);
  }

  /** The past days of which Redis may still hold a ranking, the latest first. */
  pastKeptDays(): BusinessDay[] {
    const today = this.today();
    const days = Array.from({ length: KEPT_DAYS - 1 }, (_, index) => addDays(today, -1 - index));
    return days.filter((day) => this.keptMs(day) > 0);
  }

  /** For how many ms from now Redis keeps the day's ranking: eight days from its beginning. 0 or less: no longer. */
  keptMs(day: BusinessDay): number {
    return this.boundsOf(day).from.getTime() + KEPT_DAYS * DAY_MS - this.clock.now().getTime();
  }
}
