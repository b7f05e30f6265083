import type { EntityManager } from 'typeorm';
import type { BackupRepository } from '../../../../src/ranking/backup/backup.repository.js';
import type { BusinessDay } from '../../../../src/ranking/business-day.js';
import type { Backup } from '../../../../src/ranking/ranking.js';
import { locking, reading } from '../statement.js';
import { type PublicPart, runnerOf, type StatementRunner } from './statement-runner.js';

const NEVER = new Date(0);

/** The statements of the real one, over the simulated tables. */
export class SimulatedBackupRepository implements PublicPart<BackupRepository> {
  constructor(private readonly outside: StatementRunner) {}

  async find(day: BusinessDay): Promise<Backup | undefined> {
    return await this.outside.run(
      reading('backup.find', (view) => {
        const rows = view.rowsOf(view.tables.backups.byRanking, day).sort((a, b) => a.ranking - b.ranking);
        const [first] = rows;
        if (first === undefined) return undefined;
        const products = rows.map(({ ranking, productId, productName, salesCount }) => {
          return { rank: ranking, productId, productName, salesCount };
        });
        return { asOf: first.backedUpAt, products };
      }),
    );
  }

  async replace(manager: EntityManager, day: BusinessDay, { asOf, products }: Backup): Promise<boolean> {
    const runner = runnerOf(manager);
    await runner.run(
      locking('backup.beginDay', (view) => {
        const { backupDays } = view.tables;
        return view.insertUnlessThere(backupDays, backupDays.byDay, { businessDate: day, backedUpAt: NEVER });
      }),
    );
    const isNewest = await runner.run(
      locking('backup.raiseTime', (view) =>
        view.update(view.tables.backupDays.byDay, [day], (row) =>
          row.backedUpAt <= asOf ? { ...row, backedUpAt: asOf } : undefined,
        ),
      ),
    );
    if (!isNewest) return false;
    await runner.run(locking('backup.deleteOld', (view) => view.deleteAll(view.tables.backups.byProduct, day)));
    if (products.length === 0) return true;
    const rows = products.map(({ rank, productId, productName, salesCount }) => {
      return { businessDate: day, productId, ranking: rank, salesCount, productName, backedUpAt: asOf };
    });
    await runner.run(locking('backup.insertNew', (view) => view.insert(view.tables.backups, rows)));
    return true;
  }

  async backedUpAt(days: readonly BusinessDay[]): Promise<Map<BusinessDay, Date>> {
    return await this.outside.run(
      reading('backup.backedUpAt', (view) => {
        const asked = [...new Set(days)].sort();
        const rows = asked.flatMap((day) => view.find(view.tables.backupDays.byDay, [day]) ?? []);
        return new Map(rows.map(({ businessDate, backedUpAt }) => [businessDate, backedUpAt]));
      }),
    );
  }

  async deleteBefore(manager: EntityManager, day: BusinessDay): Promise<number> {
    const runner = runnerOf(manager);
    await runner.run(locking('backup.deleteBefore', (view) => view.deleteBelow(view.tables.backups.byProduct, day)));
    return await runner.run(
      locking('backup.deleteDaysBefore', (view) => view.deleteBelow(view.tables.backupDays.byDay, day)),
    );
  }
}
