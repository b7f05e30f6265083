export { ProductNames } from './product-names.service.js';
export { ProductSeeding } from './product-seeding.repository.js';
export type { Product } from './product.entity.js';
export { ProductModule } from './product.module.js';
export { ProductService } from './product.service.js';
