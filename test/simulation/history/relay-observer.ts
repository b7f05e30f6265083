import type { CloudEvent } from '../../../src/events/cloud-event.js';
import type { OutboxRow } from '../ledger/rows.js';
import type { Tables } from '../ledger/table.js';
import type { Receiver } from '../sinks/receiver.js';
import { Violation } from './violation.js';

const CHECK = 'P12';

/**
 * P12 where it ends: each receiver is told of every decision at least once, of a subject in order, of nothing before it
 * was committed, and of nothing else.
 */
export class RelayObserver {
  /** Receiver and subject → the last position that it was told. */
  private readonly last = new Map<string, number>();
  private violation: Violation | undefined;

  constructor(
    private readonly tables: Tables,
    private readonly receivers: readonly Receiver[],
  ) {
    for (const receiver of receivers) receiver.onReceived = (event) => this.received(receiver, event);
  }

  /** After each step. @throws Violation */
  check(): void {
    if (this.violation !== undefined) throw this.violation;
  }

  /** What nobody was told yet. */
  unsettled(): string[] {
    return this.receivers.flatMap(({ key }) =>
      this.tables.outbox
        .rows()
        .filter(({ subject, position }) => position > (this.last.get(`${key} ${subject}`) ?? 0))
        .map(({ subject, position }) => `${key} is not told ${subject}/${position}`),
    );
  }

  private received({ key }: Receiver, event: CloudEvent): void {
    const { subject, type, id } = event;
    const position = Number(event.sequence);
    const row = this.tables.outbox.rows().find((each) => each.subject === subject && each.position === position);
    if (row === undefined || row.type !== type) return this.fail(`${key} is told ${id}, which nobody decided`);
    if (!isAsDecided(row, event)) return this.fail(`${key} is told ${JSON.stringify(event.data)} as ${id}`);
    const name = `${key} ${subject}`;
    const last = this.last.get(name) ?? 0;
    // What was sent before may come again.
    if (position > last + 1) return this.fail(`${key} is told ${id} after ${last}`);
    this.last.set(name, Math.max(last, position));
  }

  /** An instance would catch what is thrown here. */
  private fail(detail: string): void {
    this.violation ??= new Violation(CHECK, detail);
  }
}

function isAsDecided({ type, content }: OutboxRow, { data }: CloudEvent): boolean {
  if (type !== 'firstcome.coupon.issued' && type !== 'firstcome.coupon.failed') return true;
  const decided = JSON.parse(content) as Array<[number, number]>;
  const items = data['items'] as ReadonlyArray<{ userId: number; sequenceNumber: number; userCouponId?: number }>;
  return (
    items.length === decided.length &&
    items.every(({ userId, sequenceNumber, userCouponId }, index) => {
      const isKnown = type === 'firstcome.coupon.failed' || userCouponId !== undefined;
      return isKnown && userId === decided[index]?.[0] && sequenceNumber === decided[index]?.[1];
    })
  );
}
