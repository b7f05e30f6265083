import { Injectable, type MessageEvent, type OnModuleDestroy } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import {
  defer,
  exhaustMap,
  finalize,
  map,
  type Observable,
  ReplaySubject,
  share,
  Subject,
  takeUntil,
  timer,
} from 'rxjs';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import { SnapshotService } from './snapshot.service.js';

const INTERVAL_MS = 1_000;

/**
 * One snapshot a second for however many listen, and none while nobody does. Something is sent every second, whatever
 * is down, so a listener that hears nothing for a few seconds knows that the connection is lost.
 */
@Injectable()
export class SnapshotStream implements OnModuleDestroy {
  private readonly ended = new Subject<void>();
  /** The coupons that the listeners asked for by id, with repetitions. */
  private readonly wanted: number[] = [];
  private streams = 0;

  private readonly snapshots: Observable<MessageEvent> = timer(0, INTERVAL_MS).pipe(
    exhaustMap(() => this.snapshotService.take([...new Set(this.wanted)], this.streams)),
    // Here, so that it is done once for all.
    map((snapshot) => ({ type: 'snapshot', data: JSON.stringify(snapshot) })),
    share({ connector: () => new ReplaySubject<MessageEvent>(1), resetOnRefCountZero: true }),
  );

  constructor(
    private readonly snapshotService: SnapshotService,
    registry: MetricsRegistry,
  ) {
    registry.gaugeFunc(
      'firstcome_dashboard_streams',
      'Streams of snapshots that this process feeds.',
      () => this.streams,
    );
  }

  /** The snapshots from now on, the latest one at once, until the listener hangs up or the process ends. */
  listen(coupons: readonly number[], reply: FastifyReply): Observable<MessageEvent> {
    // Node keeps a connection open whose last answer began before the shutdown, and so the whole process.
    const { socket } = reply.raw;
    reply.raw.once('finish', () => socket?.destroySoon());
    return defer(() => {
      this.streams += 1;
      this.wanted.push(...coupons);
      return this.snapshots.pipe(
        takeUntil(this.ended),
        finalize(() => {
          this.streams -= 1;
          for (const couponId of coupons) this.wanted.splice(this.wanted.indexOf(couponId), 1);
        }),
      );
    });
  }

  /** In time for GracefulShutdown, which waits for open answers in the next phase. */
  onModuleDestroy(): void {
    this.ended.next();
  }
}
