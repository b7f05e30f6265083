import { Controller, Get, Header, HttpStatus, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Public } from '../identity/index.js';
import { idParam } from '../platform/http/schemas.js';
import { productRankResponse, topResponse } from './ranking.responses.js';
import { type DayQuery, dayQuery, type TopQuery, topQuery } from './ranking.schemas.js';
import { RankingService } from './ranking.service.js';

@ApiTags('ranking')
@Controller('api/products/ranking')
export class RankingController {
  constructor(private readonly ranking: RankingService) {}

  @Get('top')
  @Public()
  @Header('content-type', 'application/json; charset=utf-8')
  @ApiOperation({
    summary: 'Show the products sold most on a day',
    description:
      'Most pieces sold first, of equals the lower product id first. It is answered whatever is down: `source` says from ' +
      'where, `asOf` how old the numbers are.',
  })
  @ApiResponse({ status: HttpStatus.OK, description: 'The top of the ranking', standardSchema: topResponse })
  top(@Query({ schema: topQuery }) query: TopQuery) {
    return this.ranking.topAsJson(query);
  }

  @Get('product/:productId')
  @Public()
  @ApiOperation({
    summary: 'Show the rank of a product on a day',
    description:
      '`rank` is null and `salesCount` 0 for a product that was not sold that day, also for one that does not exist. Both ' +
      'are null when the source cannot know: a fallback knows the first 100.',
  })
  @ApiResponse({
    status: HttpStatus.OK,
    description: 'The product in the ranking',
    standardSchema: productRankResponse,
  })
  product(@Param('productId', { schema: idParam }) productId: number, @Query({ schema: dayQuery }) query: DayQuery) {
    return this.ranking.product(productId, query);
  }
}
