import { type BeforeApplicationShutdown, Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { finished } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { ActionTrail, type Actor } from '../../identity/index.js';
import { Clock } from '../../platform/clock.js';
import { CONFIG } from '../../platform/config/config.module.js';
import type { Config } from '../../platform/config/config.schema.js';
import { databaseErrorMessage } from '../../platform/database/database-errors.js';
import { couponSubject } from '../coupon-events.js';
import { CouponService } from '../coupon.service.js';
import type { CouponHolder } from './coupon-holder.js';
import { CouponHolderRepository } from './coupon-holder.repository.js';
import { CSV_HEAD, csvLines } from './holder-csv.js';

/** Rows that are read and sent at a time. */
const PAGE_SIZE = 1_000;
/** After which a client that takes nothing is hung up on. */
const STALLED_AFTER_MS = 60_000;
/** Of the time that there is for a shutdown; what is cut then can still be noted. */
const SHARE_BEFORE_CUT = 0.2;

/**
 * The holders of a coupon as a file: read page by page, and no faster than the client takes them, so that the size of the
 * coupon matters neither to memory nor to the pool. Of all exports of a process one reads at a time.
 *
 * A file that is not whole never looks so: its connection is reset.
 */
@Injectable()
export class CouponHolderExports implements OnModuleDestroy, BeforeApplicationShutdown {
  private readonly logger = new Logger('Export');
  /** Those that are being sent, and what is done when they have ended. */
  private readonly open = new Map<FastifyReply, Promise<void>>();
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly coupons: CouponService,
    private readonly holders: CouponHolderRepository,
    private readonly trail: ActionTrail,
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /**
   * Answers with all holders of the coupon, as CSV in the order of their numbers. The trace says how many were sent, also
   * when the client has hung up or the database was lost before the end.
   *
   * @throws CouponNotFoundError, and what the database throws before anything is sent
   */
  async send(couponId: number, actor: Actor, reply: FastifyReply): Promise<void> {
    await this.coupons.stored(couponId);
    const progress = { rows: 0 };
    await this.trace(couponId, actor, reply, progress);
    const first = await this.read(couponId, 0);
    const disposition = `attachment; filename="user-coupons-${couponId}.csv"`;
    // Node would keep a connection open whose answer began before a shutdown.
    const headers = { 'content-disposition': disposition, connection: 'close' };
    void reply
      .headers({ 'content-type': 'text/csv; charset=utf-8', ...headers })
      // As a web stream, of which nothing is read for who asks for the head alone.
      .send(ReadableStream.from(this.file(couponId, first, reply, progress)));
    reply.raw.setTimeout(STALLED_AFTER_MS, () => cut(reply));
    // Also Fastify sees by it that the handler has answered.
    reply.raw.flushHeaders();
  }

  onModuleDestroy(): void {
    const cutAll = (): void => {
      for (const reply of this.open.keys()) cut(reply);
    };
    setTimeout(cutAll, this.config.http.shutdownTimeoutMs * SHARE_BEFORE_CUT).unref();
  }

  /** Before the pool closes, which the trace needs. */
  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.open.values());
  }

  private async *file(
    couponId: number,
    first: CouponHolder[],
    reply: FastifyReply,
    progress: { rows: number },
  ): AsyncGenerator<string, void> {
    yield CSV_HEAD;
    for (let page = first; page.length > 0;) {
      yield csvLines(page, this.clock.now());
      // Asked for more, so the client has taken these.
      progress.rows += page.length;
      if (page.length < PAGE_SIZE) return;
      page = await this.readOn(couponId, page.at(-1)?.sequenceNumber ?? 0, reply);
    }
  }

  private async readOn(couponId: number, after: number, reply: FastifyReply): Promise<CouponHolder[]> {
    try {
      return await this.read(couponId, after);
    } catch (error) {
      this.logger.warn(`the export of coupon ${couponId} is cut off after ${after}: ${databaseErrorMessage(error)}`);
      cut(reply);
      throw error;
    }
  }

  private async read(couponId: number, after: number): Promise<CouponHolder[]> {
    const read = this.turn.then(() => this.holders.find(couponId, { after, now: this.clock.now(), limit: PAGE_SIZE }));
    this.turn = Promise.allSettled([read]);
    return await read;
  }

  /** Notes that an export begins, and how it ended once nobody waits for it any more. */
  private async trace(
    couponId: number,
    actor: Actor,
    reply: FastifyReply,
    progress: { readonly rows: number },
  ): Promise<void> {
    const action = { actor, action: 'user-coupons.export', subject: couponSubject(couponId) };
    const id = await this.trail.begin(action);
    const ended = new Promise<void>((resolve) => {
      finished(reply.raw, () => {
        const isWhole = reply.raw.writableFinished && reply.raw.statusCode < 400;
        const outcome = isWhole ? 'DONE' : 'FAILED';
        void this.trail.end(id, action, { outcome, after: { rows: progress.rows } }).then(resolve);
      });
    });
    this.open.set(reply, ended);
    void ended.then(() => this.open.delete(reply));
  }
}

/** Over HTTP/1.0 a file ends with its connection; only a reset tells one that is not whole. */
function cut({ raw, request }: FastifyReply): void {
  request.raw.socket.resetAndDestroy();
  raw.destroy();
}
