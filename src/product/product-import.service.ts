import { Injectable } from '@nestjs/common';
import { ActionTrail, type Actor } from '../identity/index.js';
import { ImportProgress, type ImportReport } from '../platform/import/import-progress.js';
import type { ImportSource } from '../platform/import/import-source.js';
import { Importer } from '../platform/import/importer.service.js';
import { ProductAdministration } from './product-administration.service.js';
import type { ProductDraft } from './product-changes.js';
import { importedProduct } from './product.schemas.js';

/** Puts up and changes products, many in one call. */
@Injectable()
export class ProductImport {
  constructor(
    private readonly importer: Importer,
    private readonly products: ProductAdministration,
    private readonly trail: ActionTrail,
  ) {}

  /** @throws as {@link Importer.run}; what was committed until then stays */
  async run(source: ImportSource, actor: Actor): Promise<ImportReport> {
    const progress = new ImportProgress();
    const target = {
      schema: importedProduct,
      numbers: ['productId', 'price', 'stock'],
      write: (rows: readonly ProductDraft[]) => this.products.write(rows),
    };
    const summary = () => progress.summary();
    const work = () => this.importer.run(source, target, progress);
    await this.trail.run({ actor, action: 'products.import' }, work, summary, summary);
    return progress.report();
  }
}
