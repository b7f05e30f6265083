/** Reads and writes the tables of a real server as the rows that the simulated one has. */
import type { RowOf, TableName } from '../../simulation/ledger/rows.js';
import type { TestDatabase } from '../database.js';

/** The rows of all tables, in the order of their primary keys. */
export type StoredRows = { readonly [Name in TableName]: ReadonlyArray<RowOf[Name]> };

type Columns = { readonly [Name in TableName]: Readonly<Record<keyof RowOf[Name], string>> };

const COLUMNS: Columns = {
  coupons: {
    id: 'id',
    name: 'name',
    totalQuantity: 'total_quantity',
    returnedQuantity: 'returned_quantity',
    issuedQuantity: 'issued_quantity',
    failedQuantity: 'failed_quantity',
    discountAmount: 'discount_amount',
    discountRate: 'discount_rate',
    startsAt: 'starts_at',
    expiresAt: 'expires_at',
    isActive: 'is_active',
    audience: 'audience',
    codeFormat: 'code_format',
    strategy: 'strategy',
    entry: 'entry',
    entryOpensAt: 'entry_opens_at',
    entrySpreadSeconds: 'entry_spread_seconds',
    challenge: 'challenge',
    usableDays: 'usable_days',
    usableUntil: 'usable_until',
    latestExpiresAt: 'latest_expires_at',
    isRedeemable: 'is_redeemable',
    minOrderAmount: 'min_order_amount',
    maxDiscountAmount: 'max_discount_amount',
    productIds: 'product_ids',
    version: 'version',
    epoch: 'epoch',
    sequenceBase: 'sequence_base',
    lateQuantity: 'late_quantity',
    eventPosition: 'event_position',
    createdAt: 'created_at',
    updatedAt: 'updated_at',
  },
  userCoupons: {
    id: 'id',
    couponId: 'coupon_id',
    userId: 'user_id',
    sequenceNumber: 'sequence_number',
    code: 'code',
    issuedAt: 'issued_at',
    usedAt: 'used_at',
    expiresAt: 'expires_at',
    revokedAt: 'revoked_at',
    slotReturned: 'slot_returned',
  },
  issuanceFailures: {
    id: 'id',
    couponId: 'coupon_id',
    userId: 'user_id',
    sequenceNumber: 'sequence_number',
    reason: 'reason',
    detail: 'detail',
    failedAt: 'failed_at',
    retriedAt: 'retried_at',
  },
  orders: {
    id: 'id',
    orderNumber: 'order_number',
    userId: 'user_id',
    status: 'status',
    totalAmount: 'total_amount',
    userCouponId: 'user_coupon_id',
    paidAt: 'paid_at',
    cancelledAt: 'cancelled_at',
    refundedAt: 'refunded_at',
    refundedAmount: 'refunded_amount',
    eventPosition: 'event_position',
  },
  orderItems: { orderId: 'order_id', productId: 'product_id', quantity: 'quantity' },
  backups: {
    businessDate: 'business_date',
    productId: 'product_id',
    ranking: 'ranking',
    salesCount: 'sales_count',
    productName: 'product_name',
    backedUpAt: 'backed_up_at',
  },
  backupDays: { businessDate: 'business_date', backedUpAt: 'backed_up_at' },
  outbox: {
    subject: 'subject',
    position: 'position',
    type: 'type',
    couponId: 'coupon_id',
    content: 'content',
    occurredAt: 'occurred_at',
    isDispatched: 'is_dispatched',
  },
  relayLeases: { id: 'id', owner: 'owner', token: 'token', untilAt: 'until_at' },
  deliveries: { id: 'id', sink: 'sink', subject: 'subject', position: 'position', status: 'status' },
  progress: {
    sink: 'sink',
    subject: 'subject',
    attempts: 'attempts',
    failingSince: 'failing_since',
    nextAttemptAt: 'next_attempt_at',
  },
};

const TABLES: Readonly<Record<TableName, string>> = {
  coupons: 'coupons',
  userCoupons: 'user_coupons',
  issuanceFailures: 'issuance_failures',
  orders: 'orders',
  orderItems: 'order_items',
  backups: 'product_ranking_backups',
  backupDays: 'product_ranking_backup_days',
  outbox: 'outbox',
  relayLeases: 'relay_leases',
  deliveries: 'outbox_deliveries',
  progress: 'outbox_progress',
};

/** Columns that must be filled and that the simulated tables do not have. */
const UNUSED: Readonly<Partial<Record<TableName, object>>> = {
  orders: { subtotal_amount: 0, discount_amount: 0, created_at: new Date(0) },
  orderItems: { line_number: 1, product_name: 'Product', unit_price: 1 },
};

/** Columns that are true or false: they come as 1 or 0. */
const SWITCHES = new Set(['isActive', 'isRedeemable', 'slotReturned', 'isDispatched']);

/** Columns that hold a list, as JSON. */
const LISTS = new Set(['productIds']);

export const TABLE_NAMES = Object.keys(TABLES) as TableName[];

export async function readRows(database: TestDatabase): Promise<StoredRows> {
  const tables = await Promise.all(TABLE_NAMES.map(async (name) => [name, await readTable(database, name)] as const));
  return Object.fromEntries(tables) as unknown as StoredRows;
}

export async function insertRows(database: TestDatabase, rows: Partial<StoredRows>): Promise<void> {
  for (const name of TABLE_NAMES) await insertIntoTable(database, name, rows[name] ?? []);
}

/** Leaves nothing behind, not even rows that are marked as deleted: locks of those would show. */
export async function emptyTables(database: TestDatabase): Promise<void> {
  for (const table of Object.values(TABLES)) await database.change(`TRUNCATE TABLE ${table}`);
}

async function readTable(database: TestDatabase, name: TableName): Promise<object[]> {
  const columns = Object.entries(COLUMNS[name]).map(([property, column]) => `${readable(column)} AS ${property}`);
  const rows = await database.rows<Record<string, unknown>>(
    `SELECT ${columns.join(', ')} FROM ${TABLES[name]} ORDER BY 1, 2`,
  );
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([property, value]) => [property, asRow(property, value)])),
  );
}

function asRow(property: string, value: unknown): unknown {
  if (LISTS.has(property) && typeof value === 'string') return JSON.parse(value);
  return SWITCHES.has(property) ? value === 1 : value;
}

function readable(column: string): string {
  return column === 'business_date' ? `DATE_FORMAT(${column}, '%Y-%m-%d')` : column;
}

async function insertIntoTable(database: TestDatabase, name: TableName, rows: readonly object[]): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const unused = UNUSED[name] ?? {};
  const properties = Object.entries<string>(COLUMNS[name]);
  const columns = [...properties.map(([, column]) => column), ...Object.keys(unused)];
  const values = rows.map((row) => [
    ...properties.map(([property]) => asColumn(property, (row as Record<string, unknown>)[property])),
    ...Object.values(unused),
  ]);
  await database.change(`INSERT INTO ${TABLES[name]} (${columns.join(', ')}) VALUES ?`, [values]);
}

function asColumn(property: string, value: unknown): unknown {
  return LISTS.has(property) && value !== null ? JSON.stringify(value) : value;
}
