import { Controller, HttpCode, HttpStatus, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { type Actor, ByActor, NeedsRole } from '../identity/index.js';
import { importResponse } from '../platform/import/import-progress.js';
import { ImportBody, type ImportSource, TakesImport } from '../platform/import/import-source.js';
import { Problems } from '../platform/openapi/problems.decorator.js';
import { UserImport } from './user-import.service.js';

const EXAMPLE = `{"userId":1042,"name":"Kim Jiwoo","email":"jiwoo@example.com"}
{"userId":1043,"name":"Ana Souza"}
`;

@ApiTags('users')
@Controller('api/users/import')
export class UserImportController {
  constructor(private readonly imports: UserImport) {}

  @Post()
  @NeedsRole('admin')
  @HttpCode(HttpStatus.OK)
  @TakesImport(EXAMPLE)
  @ApiOperation({
    summary: 'Import users',
    description:
      'Registers or changes up to a million users, one a line: JSON objects, or CSV with a head, of `userId`, `name` and ' +
      '`email`, which may be left out and then is none. Lines that are wrong are left out and told. 1,000 lines are ' +
      'committed at a time and stay when the call fails; the same file may be sent again.',
  })
  @ApiResponse({ status: HttpStatus.OK, description: 'How it went', standardSchema: importResponse })
  @Problems('REQUEST_TIMEOUT', 'DATABASE_UNAVAILABLE')
  run(@ImportBody() source: ImportSource, @ByActor() actor: Actor) {
    return this.imports.run(source, actor);
  }
}
