import type { LedgerServer } from '../../simulation/ledger/ledger-server.js';
import type { RowChanges, TableName } from '../../simulation/ledger/rows.js';
import type { Table } from '../../simulation/ledger/table.js';
import { type StoredRows, TABLE_NAMES } from './stored-rows.js';

/** A copy of the tables that knows of the simulated server what this tells of each commit. */
export class LedgerMirror {
  private readonly tables = new Map<TableName, Map<string, object>>();

  constructor(private readonly start: StoredRows) {}

  follow(server: LedgerServer): void {
    for (const name of TABLE_NAMES) {
      const keyOf = primaryKeyOf(server.tables[name]);
      this.tables.set(name, new Map(this.start[name].map((row) => [keyOf(row), row])));
    }
    server.onCommit = (written) => {
      for (const name of TABLE_NAMES) this.take(name, written[name], primaryKeyOf(server.tables[name]));
    };
  }

  get rows(): StoredRows {
    const rows = [...this.tables].map(([name, table]) => [name, [...table.values()]] as const);
    return Object.fromEntries(rows) as unknown as StoredRows;
  }

  private take(name: TableName, changes: RowChanges<object> | undefined, keyOf: (row: object) => string): void {
    const table = this.tables.get(name);
    for (const row of changes?.inserted ?? []) {
      if (table?.has(keyOf(row)) === true) throw new Error(`${name}: inserted although it was there`);
      table?.set(keyOf(row), row);
    }
    for (const row of changes?.updated ?? []) {
      if (table?.has(keyOf(row)) !== true) throw new Error(`${name}: updated although it was not there`);
      table.set(keyOf(row), row);
    }
    for (const row of changes?.deleted ?? []) {
      if (table?.delete(keyOf(row)) !== true) throw new Error(`${name}: deleted although it was not there`);
    }
  }
}

function primaryKeyOf(table: unknown): (row: object) => string {
  const [primary] = (table as Table<object>).indexes;
  return (row) => JSON.stringify(primary?.keyOf(row));
}
