export { ProductNames } from './product-names.service.js';
export { Product } from './product.entity.js';
export { OutOfStockError, ProductNotFoundError } from './product.errors.js';
export { ProductModule } from './product.module.js';
export { ProductRepository } from './product.repository.js';
