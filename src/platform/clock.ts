import { Global, Injectable, Module } from '@nestjs/common';

/** The one clock of the application; a test may set another one in its place. */
@Injectable()
export class Clock {
  now(): Date {
    return new Date();
  }
}

@Global()
@Module({ providers: [Clock], exports: [Clock] })
export class ClockModule {}
