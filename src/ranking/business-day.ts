/**
 * Days as the business counts them: from midnight to midnight on the wall clock of a time zone. Everything is asked of
 * Intl, so a day has 23 or 25 hours where the zone changes its clock.
 */

/** A calendar day, `YYYY-MM-DD`. Two of them compare as text. */
export type BusinessDay = string;

/** The times of a day: `from` is included, `to` is not. */
export interface DayBounds {
  readonly from: Date;
  readonly to: Date;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const formats = new Map<string, Intl.DateTimeFormat>();

/** The day on which `time` falls in the time zone. */
export function businessDayOf(time: Date, timeZone: string): BusinessDay {
  const parts = new Map(
    formatOf(timeZone)
      .formatToParts(time)
      .map(({ type, value }) => [type, value]),
  );
  return `${parts.get('year')?.padStart(4, '0')}-${parts.get('month')}-${parts.get('day')}`;
}

/** When the day begins and ends in the time zone. */
export function boundsOf(day: BusinessDay, timeZone: string): DayBounds {
  return { from: startOf(day, timeZone), to: startOf(addDays(day, 1), timeZone) };
}

/** The day that many days later (or earlier, when negative). */
export function addDays(day: BusinessDay, days: number): BusinessDay {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** True for `YYYY-MM-DD` when there is such a day. */
export function isCalendarDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/** The first millisecond of the day: found by halving, since no zone is further than a day from UTC. */
function startOf(day: BusinessDay, timeZone: string): Date {
  let before = Date.parse(`${day}T00:00:00Z`) - DAY_MS;
  let reached = before + 2 * DAY_MS;
  while (reached - before > 1) {
    const middle = Math.floor((before + reached) / 2);
    if (businessDayOf(new Date(middle), timeZone) < day) before = middle;
    else reached = middle;
  }
  return new Date(reached);
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
    });
    formats.set(timeZone, format);
  }
  return format;
}
