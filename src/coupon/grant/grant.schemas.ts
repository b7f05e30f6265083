import { z } from 'zod';
import { id } from '../../platform/http/response-schemas.js';
import { userIds } from '../named-users.schemas.js';

export const grantBody = z
  .strictObject({ userIds })
  .meta({ id: 'GrantRequest', example: { userIds: [1001, 1002, 1003] } });
export type GrantBody = z.output<typeof grantBody>;

const users = (description: string) => z.array(id).meta({ description });

export const grantResponse = z
  .object({
    issued: users('Got the coupon by this call'),
    alreadyIssued: users('Held one before, or a slot; also whose user coupon was revoked'),
    soldOut: users('There was no slot for them'),
    unknownUsers: users('Are not registered, which this coupon asks for'),
    pending: users(
      'Not decided within 20 s, or the database refused them, which GET …/failures tells; name them again to see',
    ),
  })
  .meta({
    id: 'GrantResult',
    example: { issued: [1001], alreadyIssued: [1002], soldOut: [], unknownUsers: [1003], pending: [] },
  });
