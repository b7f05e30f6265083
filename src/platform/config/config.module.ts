import { type DynamicModule, Module } from '@nestjs/common';
import { ConfigModule as NestConfigModule, getConfigToken, registerAs } from '@nestjs/config';
import type { Config } from './config.schema.js';

const NAME = 'firstcome';

/** Injection token of the {@link Config}: `constructor(@Inject(CONFIG) private readonly config: Config)`. */
export const CONFIG = getConfigToken(NAME);

/** Makes the settings injectable everywhere, as one frozen object under {@link CONFIG}. */
@Module({})
export class ConfigModule {
  static forRoot(config: Config): DynamicModule {
    return {
      module: ConfigModule,
      imports: [
        NestConfigModule.forRoot({
          isGlobal: true,
          // Our loader has read everything: @nestjs/config shall neither open .env files nor look at process.env.
          ignoreEnvFile: true,
          ignoreEnvVars: true,
          skipProcessEnv: true,
          load: [registerAs(NAME, () => config)],
        }),
      ],
    };
  }
}
