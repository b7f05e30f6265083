import { Module } from '@nestjs/common';
import { ForgetIdempotencyKeysJob } from './forget-idempotency-keys.job.js';
import { IdempotencyRepository } from './idempotency.repository.js';
import { IdempotencyService } from './idempotency.service.js';

@Module({
  providers: [IdempotencyService, IdempotencyRepository, ForgetIdempotencyKeysJob],
  exports: [IdempotencyService],
})
export class IdempotencyModule {}
