import { Global, Module } from '@nestjs/common';
import { Importer } from './importer.service.js';

/** Global, since the imports of all modules write in turn. */
@Global()
@Module({ providers: [Importer], exports: [Importer] })
export class ImportModule {}
