import { Global, Module } from '@nestjs/common';
import { PROBLEM_CATALOG } from '../../platform/errors/problem-catalog.js';
import { ERROR_STATUS } from './error-status.js';

/** Tells the platform which codes there are and how each is answered. */
@Global()
@Module({ providers: [{ provide: PROBLEM_CATALOG, useValue: ERROR_STATUS }], exports: [PROBLEM_CATALOG] })
export class ProblemsModule {}
