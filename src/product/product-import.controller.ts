import { Controller, HttpCode, HttpStatus, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { type Actor, ByActor, NeedsRole } from '../identity/index.js';
import { importResponse } from '../platform/import/import-progress.js';
import { ImportBody, type ImportSource, TakesImport } from '../platform/import/import-source.js';
import { Problems } from '../platform/openapi/problems.decorator.js';
import { ProductImport } from './product-import.service.js';

const EXAMPLE = `{"productId":7,"name":"탁상 시계 화이트 (Desk clock, white)","price":24900,"stock":1200}
{"productId":8,"name":"Desk clock, black","price":24900,"stock":300}
`;

@ApiTags('products')
@Controller('api/products/import')
export class ProductImportController {
  constructor(private readonly imports: ProductImport) {}

  @Post()
  @NeedsRole('admin')
  @HttpCode(HttpStatus.OK)
  @TakesImport(EXAMPLE)
  @ApiOperation({
    summary: 'Import products',
    description:
      'Puts up or changes up to a million products, one a line: JSON objects, or CSV with a head, of `productId`, `name`, ' +
      '`price` and `stock`. The stock counts for a new product, which needs it; that of one which is there stays as it ' +
      'is. Lines that are wrong are left out and told. 1,000 lines are committed at a time and stay when the call fails; ' +
      'the same file may be sent again.',
  })
  @ApiResponse({ status: HttpStatus.OK, description: 'How it went', standardSchema: importResponse })
  @Problems('REQUEST_TIMEOUT', 'DATABASE_UNAVAILABLE')
  run(@ImportBody() source: ImportSource, @ByActor() actor: Actor) {
    return this.imports.run(source, actor);
  }
}
