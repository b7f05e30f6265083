import { type DynamicModule, Module } from '@nestjs/common';
import { MIGRATIONS } from './migrations.js';
import { ProblemsModule } from './operations/problems/problems.module.js';
import { ConfigModule } from './platform/config/config.module.js';
import type { Config } from './platform/config/config.schema.js';
import { DatabaseModule } from './platform/database/database.module.js';
import { HttpModule } from './platform/http/http.module.js';
import { RedisModule } from './platform/redis/redis.module.js';

/** Composition only: which modules make up the application. */
@Module({})
export class AppModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(config),
        HttpModule,
        DatabaseModule.forRoot(MIGRATIONS),
        RedisModule,
        ProblemsModule,
      ],
    };
  }
}
