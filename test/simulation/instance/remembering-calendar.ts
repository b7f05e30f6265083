import { BusinessCalendar } from '../../../src/ranking/business-calendar.js';
import type { BusinessDay, DayBounds } from '../../../src/ranking/business-day.js';

/** The application's calendar, which asks Intl once for each day: else that would be a tenth of what a history takes. */
export class RememberingCalendar extends BusinessCalendar {
  override boundsOf(day: BusinessDay): DayBounds {
    let bounds = remembered.get(day);
    if (bounds === undefined) remembered.set(day, (bounds = super.boundsOf(day)));
    return bounds;
  }
}

const remembered = new Map<BusinessDay, DayBounds>();
