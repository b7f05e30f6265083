import { expect, it } from '@jest/globals';
import { EventReader } from '../support/event-reader.js';
import { inParallel } from '../support/in-parallel.js';
import { eventuallyShows } from '../support/metrics.js';
import { Site } from '../support/site.js';
import { newUserIds } from '../support/unique-ids.js';

const STREAMS = 5000;
/** Of them at once. */
const OPENING = 100;

it(`${STREAMS} streams of one process are all told the end`, async () => {
  const site = await Site.open();
  await site.start();
  const { couponId } = await site.api.createCoupon({ totalQuantity: STREAMS });
  const decide = await site.holdLedger(couponId);
  const users = newUserIds(STREAMS);
  await inParallel(users, (userId) => site.api.reserve(couponId, userId), OPENING);
  const readers = await inParallel(users, (userId) => EventReader.open(site.app.url, couponId, userId), OPENING);
  await eventuallyShows(site.app, (scrape) =>
    expect(scrape.value('firstcome_waiters', { kind: 'stream' })).toBe(STREAMS),
  );
  await decide();
  for (const reader of readers) {
    expect(await reader.ended).toBe(true);
    expect(reader.statuses).toEqual(['RESERVED', 'ISSUED']);
  }
  await eventuallyShows(site.app, (scrape) => expect(scrape.value('firstcome_waiters', { kind: 'stream' })).toBe(0));
});
