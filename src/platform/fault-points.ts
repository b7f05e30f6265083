import { Global, Inject, Injectable, Module } from '@nestjs/common';
import { CONFIG } from './config/config.module.js';
import type { Config } from './config/config.schema.js';

/** Their names. A file adds those that it reaches by `declare module`, so that no other name compiles. */
// oxlint-disable-next-line typescript/no-empty-object-type, typescript/no-empty-interface -- the modules fill it
export interface FaultPointNames {}

export type FaultPoint = FaultPointNames[keyof FaultPointNames];

/**
 * Places in the code where a test may kill the process, as a power cut would: `FAULT_POINT=<name>`, which the
 * configuration accepts under NODE_ENV=test only. Otherwise `reach` is an empty function.
 */
@Injectable()
export class FaultPoints {
  readonly reach: (name: FaultPoint) => void;

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
