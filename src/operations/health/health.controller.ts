import { Controller, Get, HttpStatus, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { PROBLEM_REASONS } from '../../platform/dependencies/problem-reason.js';
import { HealthService, REDIS_WARNINGS } from './health.service.js';

const dependency = z.object({
  status: z.enum(['up', 'down']),
  responseTime: z.int().meta({ description: 'Milliseconds' }),
  reason: z.enum(PROBLEM_REASONS).optional().meta({ description: 'Why it is down; more is in the log' }),
});
const redis = dependency.extend({
  warnings: z.array(z.enum(REDIS_WARNINGS)).optional().meta({
    description:
      'NO_MIN_REPLICAS: a master takes writes without any replica, so one that was replaced would go on admitting users whose reservations are lost',
  }),
});
const liveResponse = z
  .object({ status: z.literal('ok'), uptimeSeconds: z.int() })
  .meta({ id: 'Live', example: { status: 'ok', uptimeSeconds: 61 } });
const readyResponse = z
  .object({
    status: z.enum(['ok', 'degraded', 'error', 'shutting_down']),
    info: z.record(z.string(), dependency).meta({ description: 'The dependencies that are up' }),
    error: z.record(z.string(), dependency).meta({ description: 'The dependencies that are down' }),
    details: z.object({
      redis,
      database: dependency,
      identity: dependency.optional().meta({ description: 'The key server, where tokens are verified by its keys' }),
      kafka: dependency.optional().meta({ description: 'Where something goes through it' }),
    }),
  })
  .meta({
    id: 'Ready',
    examples: [
      {
        status: 'degraded',
        info: { database: { status: 'up', responseTime: 1 } },
        error: { redis: { status: 'down', responseTime: 1, reason: 'OUT_OF_MEMORY' } },
        details: {
          redis: { status: 'down', responseTime: 1, reason: 'OUT_OF_MEMORY' },
          database: { status: 'up', responseTime: 1 },
        },
      },
      {
        status: 'error',
        info: {},
        error: {
          redis: { status: 'down', responseTime: 0, reason: 'UNREACHABLE' },
          database: { status: 'down', responseTime: 3, reason: 'READ_ONLY' },
        },
        details: {
          redis: { status: 'down', responseTime: 0, reason: 'UNREACHABLE' },
          database: { status: 'down', responseTime: 3, reason: 'READ_ONLY' },
        },
      },
    ],
  });

@ApiTags('operations')
@Controller('health')
export class HealthController {
  constructor(private readonly health: HealthService) {}

  @Get('live')
  @ApiOperation({ summary: 'Does the process run?' })
  @ApiResponse({ status: HttpStatus.OK, description: 'It does', standardSchema: liveResponse })
  live() {
    return this.health.live();
  }

  @Get('ready')
  @ApiOperation({
    summary: 'Can the process serve?',
    description:
      'Sees whether Redis is a master that takes writes, and whether the database does. With one of them down it serves what needs only the other; without Kafka, where it is used, everything.',
  })
  @ApiResponse({ status: HttpStatus.OK, description: 'It can: ok, or degraded', standardSchema: readyResponse })
  @ApiResponse({ status: HttpStatus.SERVICE_UNAVAILABLE, description: 'It cannot', standardSchema: readyResponse })
  async ready(@Res({ passthrough: true }) reply: FastifyReply) {
    const result = await this.health.ready();
    reply.code(isServing(result.status) ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE);
    return result;
  }
}

function isServing(status: string): boolean {
  return status === 'ok' || status === 'degraded';
}
