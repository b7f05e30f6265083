import { Body, Controller, Delete, Get, HttpCode, HttpStatus, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { type Actor, ByActor, NeedsRole } from '../../identity/index.js';
import { idParam } from '../../platform/http/schemas.js';
import { Problems } from '../../platform/openapi/problems.decorator.js';
import { secretWebhookResponse, testResponse, webhookListResponse, webhookResponse } from './webhook.responses.js';
import {
  changeWebhookBody,
  createWebhookBody,
  type Page,
  pageQuery,
  type WebhookDraft,
  type WebhookPatch,
} from './webhook.schemas.js';
import { WebhookService } from './webhook.service.js';

@ApiTags('webhooks')
@Controller('api/webhooks')
export class WebhookController {
  constructor(private readonly webhooks: WebhookService) {}

  @Post()
  @NeedsRole('admin')
  @ApiOperation({
    summary: 'Register a webhook',
    description:
      'It is sent every event of these types that happens from now on, at least once, and those of one subject in their ' +
      'order: CloudEvents 1.0 in JSON, signed as Standard Webhooks say. The secret is shown here and never again.',
  })
  @ApiResponse({
    status: HttpStatus.CREATED,
    description: 'The webhook, with its secret',
    headers: {
      Location: { description: 'Where the webhook is', schema: { type: 'string' }, example: '/api/webhooks/7' },
    },
    standardSchema: secretWebhookResponse,
  })
  @Problems('DATABASE_UNAVAILABLE')
  async create(
    @Body({ schema: createWebhookBody }) draft: WebhookDraft,
    @ByActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const webhook = await this.webhooks.create(draft, actor);
    void reply.header('location', `/api/webhooks/${webhook.webhookId}`);
    return webhook;
  }

  @Get()
  @NeedsRole('viewer')
  @ApiOperation({ summary: 'List the webhooks', description: 'The newest first, in pages.' })
  @ApiResponse({ status: HttpStatus.OK, description: 'A page of webhooks', standardSchema: webhookListResponse })
  @Problems('DATABASE_UNAVAILABLE')
  list(@Query({ schema: pageQuery }) page: Page) {
    return this.webhooks.list(page);
  }

  @Get(':webhookId')
  @NeedsRole('viewer')
  @ApiOperation({ summary: 'Show a webhook', description: 'Without its secret, which is shown only when it is made.' })
  @ApiResponse({ status: HttpStatus.OK, description: 'The webhook', standardSchema: webhookResponse })
  @Problems('WEBHOOK_NOT_FOUND', 'DATABASE_UNAVAILABLE')
  get(@Param('webhookId', { schema: idParam }) webhookId: number) {
    return this.webhooks.get(webhookId);
  }

  @Patch(':webhookId')
  @NeedsRole('admin')
  @ApiOperation({
    summary: 'Change a webhook',
    description:
      'Changes what is named and leaves the rest. `"status": "active"` resumes one that was disabled: everything that ' +
      'waits for it is sent now.',
  })
  @ApiResponse({ status: HttpStatus.OK, description: 'The webhook after the change', standardSchema: webhookResponse })
  @Problems('WEBHOOK_NOT_FOUND', 'DATABASE_UNAVAILABLE')
  change(
    @Param('webhookId', { schema: idParam }) webhookId: number,
    @Body({ schema: changeWebhookBody }) patch: WebhookPatch,
    @ByActor() actor: Actor,
  ) {
    return this.webhooks.change(webhookId, patch, actor);
  }

  @Delete(':webhookId')
  @NeedsRole('admin')
  @HttpCode(HttpStatus.NO_CONTENT)
  @ApiOperation({ summary: 'Delete a webhook', description: 'What waits for it is not sent any more.' })
  @ApiResponse({ status: HttpStatus.NO_CONTENT, description: 'It is deleted' })
  @Problems('WEBHOOK_NOT_FOUND', 'DATABASE_UNAVAILABLE')
  async delete(@Param('webhookId', { schema: idParam }) webhookId: number, @ByActor() actor: Actor) {
    await this.webhooks.delete(webhookId, actor);
  }

  @Post(':webhookId/rotate-secret')
  @NeedsRole('admin')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Give a webhook a new secret',
    description:
      'For 24 hours what is sent carries a signature by the old secret too. The new one is never shown again.',
  })
  @ApiResponse({
    status: HttpStatus.OK,
    description: 'The webhook, with its new secret',
    standardSchema: secretWebhookResponse,
  })
  @Problems('WEBHOOK_NOT_FOUND', 'DATABASE_UNAVAILABLE')
  rotateSecret(@Param('webhookId', { schema: idParam }) webhookId: number, @ByActor() actor: Actor) {
    return this.webhooks.rotateSecret(webhookId, actor);
  }

  @Post(':webhookId/test')
  @NeedsRole('admin')
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Send a webhook a test event',
    description: 'Sends one event of the type `firstcome.webhook.test`, once and now, and says how that ended.',
  })
  @ApiResponse({ status: HttpStatus.OK, description: 'How it ended', standardSchema: testResponse })
  @Problems('WEBHOOK_NOT_FOUND', 'DATABASE_UNAVAILABLE')
  test(@Param('webhookId', { schema: idParam }) webhookId: number, @ByActor() actor: Actor) {
    return this.webhooks.test(webhookId, actor);
  }
}
