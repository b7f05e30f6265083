import type {
  BackupDayRow,
  BackupRow,
  CouponRow,
  DeliveryRow,
  FailureRow,
  OrderItemRow,
  OrderRow,
  OutboxRow,
  ProgressRow,
  RelayLeaseRow,
  TableName,
  UserCouponRow,
} from './rows.js';
import { type Key, StoredRow, UniqueIndex } from './unique-index.js';

/** A table: its rows are found by its unique indexes. What has no reader sees and changes committed rows. */
export abstract class Table<Row extends object> {
  /** The primary key first, then in the order in which the server checks them. */
  readonly indexes: Array<UniqueIndex<Row>> = [];
  private lastId = 0;

  constructor(readonly name: TableName) {}

  /** The next generated id. As in MySQL it is used up even when its row is not inserted. */
  takeId(): number {
    this.lastId += 1;
    return this.lastId;
  }

  /** The ids that are generated from now on are higher than that of this row. */
  skipIdOf(row: Row): void {
    if ('id' in row && typeof row.id === 'number') this.lastId = Math.max(this.lastId, row.id);
  }

  /** All committed rows, in no order. */
  rows(): Row[] {
    return this.primary.rows();
  }

  /**
   * For setting up, and for changes behind everyone's back: inserts the committed row, or replaces the one with its
   * primary key, whatever is locked.
   *
   * @throws Error when a transaction has written the row and has not ended
   */
  put(row: Row): void {
    const stored = this.committedRow(row) ?? new StoredRow<Row>(this.name);
    stored.committed = stored.current = stored.onPage = row;
    this.skipIdOf(row);
    for (const index of this.indexes) {
      const key = index.keyOf(row);
      if (key !== undefined) index.placeFor(key).enter(stored);
    }
    stored.leaveOldPlaces();
  }

  /** As {@link put}: deletes the committed row with the primary key of this one. */
  remove(row: Row): void {
    const stored = this.committedRow(row);
    if (stored === undefined) return;
    stored.committed = stored.current = undefined;
    stored.leaveOldPlaces();
  }

  protected unique<K extends Key>(name: string, keyOf: (row: Row) => K | undefined): UniqueIndex<Row, K> {
    const index = new UniqueIndex<Row, K>(this.name, name, keyOf);
    this.indexes.push(index);
    return index;
  }

  private committedRow(row: Row): StoredRow<Row> | undefined {
    const key = this.primary.keyOf(row);
    const stored = key && this.primary.placeOf(key)?.rows[0];
    if (stored?.writer !== undefined) throw new Error(`a transaction has changed this row of ${this.name}`);
    return stored;
  }

  private get primary(): UniqueIndex<Row> {
    const [primary] = this.indexes;
    if (primary === undefined) throw new Error(`the table ${this.name} has no primary key`);
    return primary;
  }
}

class Coupons extends Table<CouponRow> {
  readonly byId = this.unique('PRIMARY', ({ id }) => [id]);
}

class UserCoupons extends Table<UserCouponRow> {
  readonly byId = this.unique('PRIMARY', ({ id }) => [id]);
  readonly byUser = this.unique('uq_user_coupons_user', ({ couponId, userId }) => [couponId, userId]);
  readonly bySequence = this.unique('uq_user_coupons_sequence', (row) => [row.couponId, row.sequenceNumber]);
  // The server checks indexes over columns that may be null after the others.
  readonly byCode = this.unique('uq_user_coupons_code', (row) =>
    row.code === null ? undefined : [row.couponId, row.code],
  );
}

class IssuanceFailures extends Table<FailureRow> {
  readonly byId = this.unique('PRIMARY', ({ id }) => [id]);
  readonly byReservation = this.unique('uq_issuance_failures_reservation', (row) => [
    row.couponId,
    row.userId,
    row.sequenceNumber,
  ]);
}

class Orders extends Table<OrderRow> {
  readonly byId = this.unique('PRIMARY', ({ id }) => [id]);
  readonly byNumber = this.unique('uq_orders_number', ({ orderNumber }) => [orderNumber]);
}

class OrderItems extends Table<OrderItemRow> {
  readonly byProduct = this.unique('PRIMARY', ({ orderId, productId }) => [orderId, productId]);
}

class Backups extends Table<BackupRow> {
  readonly byProduct = this.unique('PRIMARY', ({ businessDate, productId }) => [businessDate, productId]);
  readonly byRanking = this.unique('uq_product_ranking_backups_ranking', (row) => [row.businessDate, row.ranking]);
}

class BackupDays extends Table<BackupDayRow> {
  readonly byDay = this.unique('PRIMARY', ({ businessDate }) => [businessDate]);
}

class Outbox extends Table<OutboxRow> {
  readonly byPosition = this.unique('PRIMARY', ({ subject, position }) => [subject, position]);
}

class RelayLeases extends Table<RelayLeaseRow> {
  readonly byId = this.unique('PRIMARY', ({ id }) => [id]);
}

class Deliveries extends Table<DeliveryRow> {
  readonly byId = this.unique('PRIMARY', ({ id }) => [id]);
  readonly byEvent = this.unique('uq_outbox_deliveries_event', (row) => [row.sink, row.subject, row.position]);
}

class Progress extends Table<ProgressRow> {
  readonly bySubject = this.unique('PRIMARY', ({ sink, subject }) => [sink, subject]);
}

/** The tables of a ledger; for checks and for setting up, past every transaction. */
export class Tables {
  readonly coupons = new Coupons('coupons');
  readonly userCoupons = new UserCoupons('userCoupons');
  readonly issuanceFailures = new IssuanceFailures('issuanceFailures');
  readonly orders = new Orders('orders');
  readonly orderItems = new OrderItems('orderItems');
  readonly backups = new Backups('backups');
  readonly backupDays = new BackupDays('backupDays');
  readonly outbox = new Outbox('outbox');
  readonly relayLeases = new RelayLeases('relayLeases');
  readonly deliveries = new Deliveries('deliveries');
  readonly progress = new Progress('progress');
}
