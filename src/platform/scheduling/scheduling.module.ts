import { Global, Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { Intervals } from './intervals.js';

@Global()
@Module({ imports: [ScheduleModule.forRoot()], providers: [Intervals], exports: [Intervals] })
export class SchedulingModule {}
