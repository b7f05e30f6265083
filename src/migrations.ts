import { CreateCoupons1763600000003 } from './coupon/migrations/1763600000003-create-coupons.js';
import { AddUseByTimes1763600000019 } from './coupon/migrations/1763600000019-add-use-by-times.js';
import { GiveUseByTimes1763600000023 } from './coupon/migrations/1763600000023-give-use-by-times.js';
import { AddEntryTickets1763600000017 } from './coupon/migrations/1763600000017-add-entry-tickets.js';
import { CountLateRows1763600000007 } from './coupon/migrations/1763600000007-count-late-rows.js';
import { IndexNewestCoupons1763600000012 } from './coupon/migrations/1763600000012-index-newest-coupons.js';
import { KeepWhenCouponsChange1763600000011 } from './coupon/migrations/1763600000011-keep-when-coupons-change.js';
import { IndexOpenFailures1763600000022 } from './coupon/migrations/1763600000022-index-open-failures.js';
import { CreateOutbox1763600000014 } from './events/migrations/1763600000014-create-outbox.js';
import { CreateRelayAndWebhooks1763600000015 } from './events/migrations/1763600000015-create-relay-and-webhooks.js';
import { CreateAdminActions1763600000016 } from './identity/migrations/1763600000016-create-admin-actions.js';
import { CreateDatabaseProbes1763600000008 } from './operations/migrations/1763600000008-create-database-probes.js';
import { CreateOrders1763600000005 } from './order/migrations/1763600000005-create-orders.js';
import { LetOrdersEnd1763600000020 } from './order/migrations/1763600000020-let-orders-end.js';
import { PutOrderNumbersIntoPaidIndex1763600000009 } from './order/migrations/1763600000009-put-order-numbers-into-paid-index.js';
import type { Migration } from './platform/database/data-source-options.js';
import { CreateIdempotencyKeys1763600000004 } from './platform/idempotency/migrations/1763600000004-create-idempotency-keys.js';
import { CreateProducts1763600000002 } from './product/migrations/1763600000002-create-products.js';
import { IndexNewestProducts1763600000013 } from './product/migrations/1763600000013-index-newest-products.js';
import { CreateProductRankingBackups1763600000006 } from './ranking/migrations/1763600000006-create-product-ranking-backups.js';
import { AllowUnknownNamesInBackups1763600000010 } from './ranking/migrations/1763600000010-allow-unknown-names-in-backups.js';
import { CreateUsers1763600000001 } from './user/migrations/1763600000001-create-users.js';
import { AllowUsersWithoutEmail1763600000018 } from './user/migrations/1763600000018-allow-users-without-email.js';
import { CreateBalanceEntries1763600000021 } from './user/migrations/1763600000021-create-balance-entries.js';

/** Every migration of every module, oldest first. */
export const MIGRATIONS: Migration[] = [
  CreateUsers1763600000001,
  CreateProducts1763600000002,
  CreateCoupons1763600000003,
  CreateIdempotencyKeys1763600000004,
  CreateOrders1763600000005,
  CreateProductRankingBackups1763600000006,
  CountLateRows1763600000007,
  CreateDatabaseProbes1763600000008,
  PutOrderNumbersIntoPaidIndex1763600000009,
  AllowUnknownNamesInBackups1763600000010,
  KeepWhenCouponsChange1763600000011,
  IndexNewestCoupons1763600000012,
  IndexNewestProducts1763600000013,
  CreateOutbox1763600000014,
  CreateRelayAndWebhooks1763600000015,
  CreateAdminActions1763600000016,
  AddEntryTickets1763600000017,
  AllowUsersWithoutEmail1763600000018,
  AddUseByTimes1763600000019,
  LetOrdersEnd1763600000020,
  CreateBalanceEntries1763600000021,
  IndexOpenFailures1763600000022,
  GiveUseByTimes1763600000023,
];
