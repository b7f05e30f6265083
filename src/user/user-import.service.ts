import { Injectable } from '@nestjs/common';
import { ActionTrail, type Actor } from '../identity/index.js';
import { ImportProgress, type ImportReport } from '../platform/import/import-progress.js';
import type { ImportSource } from '../platform/import/import-source.js';
import { Importer } from '../platform/import/importer.service.js';
import { UserRegistration } from './user-registration.service.js';
import { type ImportedUser, importedUser } from './user.schemas.js';

/** Registers and changes users, many in one call. */
@Injectable()
export class UserImport {
  constructor(
    private readonly importer: Importer,
    private readonly registration: UserRegistration,
    private readonly trail: ActionTrail,
  ) {}

  /** @throws as {@link Importer.run}; what was committed until then stays */
  async run(source: ImportSource, actor: Actor): Promise<ImportReport> {
    const progress = new ImportProgress();
    const target = {
      schema: importedUser,
      numbers: ['userId'],
      write: (rows: readonly ImportedUser[]) =>
        this.registration.write(rows.map(({ userId, name, email = null }) => ({ userId, name, email }))),
    };
    const summary = () => progress.summary();
    const work = () => this.importer.run(source, target, progress);
    await this.trail.run({ actor, action: 'users.import' }, work, summary, summary);
    return progress.report();
  }
}
