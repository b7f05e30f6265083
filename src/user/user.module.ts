import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { IdempotencyModule } from '../platform/idempotency/idempotency.module.js';
import { BalanceAuditController } from './balance-audit.controller.js';
import { BalanceAudit } from './balance-audit.service.js';
import { BalanceEntryRepository } from './balance-entry.repository.js';
import { BalanceService } from './balance.service.js';
import { Newcomers } from './newcomers.service.js';
import { UserDirectory } from './user-directory.service.js';
import { UserImportController } from './user-import.controller.js';
import { UserImport } from './user-import.service.js';
import { UserRegistration } from './user-registration.service.js';
import { UserSeeding } from './user-seeding.repository.js';
import { UserController } from './user.controller.js';
import { User } from './user.entity.js';
import { UserRepository } from './user.repository.js';
import { UserService } from './user.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([User]), IdempotencyModule],
  controllers: [UserImportController, UserController, BalanceAuditController],
  providers: [
    UserRepository,
    UserDirectory,
    Newcomers,
    UserService,
    UserRegistration,
    UserImport,
    BalanceEntryRepository,
    BalanceService,
    BalanceAudit,
    UserSeeding,
  ],
  exports: [UserDirectory, BalanceService, UserSeeding],
})
export class UserModule {}
