import { Controller, Get, HttpStatus, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { NeedsRole } from '../../identity/index.js';
import { Problems } from '../../platform/openapi/problems.decorator.js';
import { actionListResponse } from './action.responses.js';
import { type ActionsQuery, actionsQuery } from './action.schemas.js';
import { ActionService } from './action.service.js';

@ApiTags('operations')
@Controller('api/admin/actions')
export class ActionController {
  constructor(private readonly actions: ActionService) {}

  @Get()
  @NeedsRole('viewer')
  @ApiOperation({
    summary: 'List what operators changed',
    description: 'The newest first, in pages: who did what, when, and how it ended. No secret and no personal data.',
  })
  @ApiResponse({ status: HttpStatus.OK, description: 'A page of actions', standardSchema: actionListResponse })
  @Problems('DATABASE_UNAVAILABLE')
  list(@Query({ schema: actionsQuery }) query: ActionsQuery) {
    return this.actions.list(query);
  }
}
