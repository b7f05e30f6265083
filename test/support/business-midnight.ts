import { setTimeout as delay } from 'node:timers/promises';
import { boundsOf, businessDayOf } from '../../src/ranking/business-day.js';

const ZONE = 'Asia/Seoul';
/** Longer than a test that sells and then looks at the ranking of the day. */
const ENOUGH_MS = 60_000;

/** Waits for midnight in Seoul when it is near: what a test sells before it is not in the ranking after it. */
export async function awayFromMidnight(): Promise<void> {
  const leftMs = boundsOf(businessDayOf(new Date(), ZONE), ZONE).to.getTime() - Date.now();
  if (leftMs < ENOUGH_MS) await delay(leftMs + 1000);
}
