import { Global, Inject, Injectable, Module } from '@nestjs/common';
import { CONFIG } from './config/config.module.js';
import type { Config } from './config/config.schema.js';

/**
 * Places in the code where a test may kill the process, as a power cut would: `FAULT_POINT=<name>`, which the
 * configuration accepts under NODE_ENV=test only. Otherwise `reach` is an empty function.
 */
@Injectable()
export class FaultPoints {
  readonly reach: (name: string) => void;

  constructor(@Inject(CONFIG) { faultPoint }: Config) {
    this.reach =
      faultPoint === undefined
        ? () => {}
        : (name) => {
            if (name === faultPoint) process.kill(process.pid, 'SIGKILL');
          };
  }
}

@Global()
@Module({ providers: [FaultPoints], exports: [FaultPoints] })
export class FaultPointModule {}
