export { BalanceService } from './balance.service.js';
export { PURCHASES } from './purchase-connections.js';
export { UserDirectory } from './user-directory.service.js';
export { UserSeeding } from './user-seeding.repository.js';
export type { User } from './user.entity.js';
export { UserNotFoundError } from './user.errors.js';
export { UserModule } from './user.module.js';
