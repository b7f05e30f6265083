import { Controller, Get, HttpStatus, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { MetricsRegistry } from '../../platform/metrics/metrics-registry.js';
import { MetricsText } from './metrics-text.js';

@ApiTags('operations')
@Controller('metrics')
export class MetricsController {
  constructor(
    private readonly registry: MetricsRegistry,
    private readonly text: MetricsText,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Metrics of this process, for Prometheus' })
  @ApiResponse({
    status: HttpStatus.OK,
    description: 'The Prometheus text format',
    content: { 'text/plain': { schema: { type: 'string' }, example: 'process_cpu_seconds_total 12.5' } },
  })
  show(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    reply.header('content-type', this.registry.contentType);
    return this.text.read();
  }
}
