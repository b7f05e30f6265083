import { z } from 'zod';
import { id } from '../platform/http/schemas.js';

/** The most users that one call may name. */
const MAX_USERS = 10_000;
const USERS_ERROR = `must be a list of 1 to ${MAX_USERS} user ids`;

/** Of calls that name many users: 10,000 of the greatest ids are 170 kB. */
export const NAMED_USERS_BODY_BYTES = 256 * 1024;

/** A list of users; one who is named twice counts once. */
export const userIds = z
  .array(id, { error: USERS_ERROR })
  .min(1, { error: USERS_ERROR })
  .max(MAX_USERS, { error: USERS_ERROR })
  .meta({ description: 'Each counts once' });
