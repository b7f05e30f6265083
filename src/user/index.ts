export { UserDirectory } from './user-directory.service.js';
export { User } from './user.entity.js';
export { UserNotFoundError } from './user.errors.js';
export { UserModule } from './user.module.js';
export { UserRepository } from './user.repository.js';
