import { Controller, Get, type MessageEvent, Param, Query, Req, Res, Sse } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';
import { z } from 'zod';
import { idParam } from '../../platform/http/schemas.js';
import { PageFiles } from './page-files.js';
import { SnapshotStream } from './snapshot-stream.service.js';
import { SnapshotService } from './snapshot.service.js';

const MAX_ASKED_FOR = 10;
/** Characters after which a listener that reads nothing is hung up on: some minutes of snapshots. */
const MAX_UNREAD = 256 * 1024;

/** `?coupons=3,17`: coupons that are wanted even when they are not among the newest. */
const eventsQuery = z.object({
  coupons: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(idParam).max(MAX_ASKED_FOR))
    .optional(),
});
type EventsQuery = z.output<typeof eventsQuery>;

/** The live page, for people; its calls are nobody else's, so the OpenAPI document leaves them out. */
@ApiExcludeController()
@Controller('dashboard')
export class DashboardController {
  constructor(
    private readonly files: PageFiles,
    private readonly stream: SnapshotStream,
    private readonly snapshots: SnapshotService,
  ) {}

  @Get()
  page(@Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    return this.files.send(request, reply);
  }

  @Get('files/:name')
  file(@Param('name') name: string, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply) {
    return this.files.send(request, reply, name);
  }

  @Sse('events', { maxPendingDataLength: MAX_UNREAD })
  events(
    @Query({ schema: eventsQuery }) { coupons = [] }: EventsQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Observable<MessageEvent> {
    return this.stream.listen(coupons, reply);
  }

  @Get('history/:couponId')
  history(@Param('couponId', { schema: idParam }) couponId: number) {
    return this.snapshots.history(couponId);
  }
}
