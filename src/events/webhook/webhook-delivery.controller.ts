import { Controller, Get, HttpCode, HttpStatus, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { type Actor, ByActor, NeedsRole } from '../../identity/index.js';
import { idParam } from '../../platform/http/schemas.js';
import { Problems } from '../../platform/openapi/problems.decorator.js';
import { WebhookDeliveryService } from './webhook-delivery.service.js';
import { deliveryListResponse, deliveryResponse } from './webhook.responses.js';
import { deliveriesQuery, type DeliveriesPage } from './webhook.schemas.js';

@ApiTags('webhooks')
@Controller('api/webhooks/:webhookId/deliveries')
export class WebhookDeliveryController {
  constructor(private readonly deliveries: WebhookDeliveryService) {}

  @Get()
  @NeedsRole('viewer')
  @ApiOperation({
    summary: 'List the deliveries of a webhook',
    description: 'The newest first, in pages: what it was sent, and what it is to be sent.',
  })
  @ApiResponse({ status: HttpStatus.OK, description: 'A page of deliveries', standardSchema: deliveryListResponse })
  @Problems('WEBHOOK_NOT_FOUND', 'DATABASE_UNAVAILABLE')
  list(
    @Param('webhookId', { schema: idParam }) webhookId: number,
    @Query({ schema: deliveriesQuery }) query: DeliveriesPage,
  ) {
    return this.deliveries.list(webhookId, query);
  }

  @Post(':deliveryId/replay')
  @NeedsRole('operator')
  @HttpCode(HttpStatus.ACCEPTED)
  @ApiOperation({
    summary: 'Send an event again',
    description: 'Also one that was delivered, as long as it is kept (`outbox.retentionDays`). It keeps its id.',
  })
  @ApiResponse({ status: HttpStatus.ACCEPTED, description: 'The delivery', standardSchema: deliveryResponse })
  @Problems('WEBHOOK_NOT_FOUND', 'DELIVERY_NOT_FOUND', 'DATABASE_UNAVAILABLE')
  replay(
    @Param('webhookId', { schema: idParam }) webhookId: number,
    @Param('deliveryId', { schema: idParam }) deliveryId: number,
    @ByActor() actor: Actor,
  ) {
    return this.deliveries.replay(webhookId, deliveryId, actor);
  }
}
