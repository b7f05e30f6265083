import { Module } from '@nestjs/common';
import { CouponModule } from '../coupon/index.js';
import { CampaignService } from './campaign.service.js';
import { RpcErrors } from './rpc-errors.js';
import { RpcRoutes } from './rpc-routes.js';

/** The campaign RPC: what the clients of the Go reference system speak. */
@Module({ imports: [CouponModule], providers: [CampaignService, RpcErrors, RpcRoutes] })
export class RpcModule {}
