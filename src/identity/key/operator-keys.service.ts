import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../platform/config/config.module.js';
import { type Caller, highestRole, type OperatorRole } from '../access/caller.js';
import { sha256Of } from '../access/sha256.js';
import type { IdentityConfig } from '../identity.config.js';

/** The name of the administrator whose key is `admin.token`. */
const TOKEN_NAME = 'token';

/** The keys of operators: `admin.keys`, and `admin.token`. */
@Injectable()
export class OperatorKeys {
  private readonly bySha256 = new Map<string, Caller>();

  constructor(@Inject(CONFIG) { admin }: IdentityConfig) {
    for (const { name, sha256, roles } of admin.keys) this.add(sha256, name, roles);
    if (admin.token !== undefined) this.add(sha256Of(admin.token), TOKEN_NAME, ['admin']);
  }

  /** Whose key has this SHA-256. The time it takes to look for a digest tells nothing about a key. */
  find(sha256: string): Caller | undefined {
    return this.bySha256.get(sha256);
  }

  private add(sha256: string, name: string, roles: readonly OperatorRole[]): void {
    const role = highestRole(roles);
    this.bySha256.set(sha256, { name, scopes: [], ...(role !== undefined && { role }) });
  }
}
