import { Controller, Get, HttpStatus } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { NeedsRole } from '../identity/index.js';
import { Problems } from '../platform/openapi/problems.decorator.js';
import { BalanceAudit } from './balance-audit.service.js';
import { balanceAuditResponse } from './user.responses.js';

@ApiTags('users')
@Controller('api/balances')
export class BalanceAuditController {
  constructor(private readonly audits: BalanceAudit) {}

  @Get('audit')
  @NeedsRole('operator')
  @ApiOperation({
    summary: 'Compare balances with their entries',
    description:
      'Whether every balance is the sum of its entries, all of them at one moment. With a million users it takes some ' +
      'seconds.',
  })
  @ApiResponse({ status: HttpStatus.OK, description: 'The audit', standardSchema: balanceAuditResponse })
  @Problems('DATABASE_UNAVAILABLE')
  audit() {
    return this.audits.audit();
  }
}
