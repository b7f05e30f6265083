import { z } from 'zod';
import { optional, visibleText } from '../../platform/http/schemas.js';
import { userIds } from '../named-users.schemas.js';

const MAX_REASON_LENGTH = 200;
const REASON_ERROR =
  `must be text of 1 to ${MAX_REASON_LENGTH} characters besides spaces at the ends, some of them visible, ` +
  'without control characters and those that change the direction of text';

export const revocationBody = z
  .strictObject({
    userIds: optional(userIds).meta({ description: 'Whose; either this or allUnused. Each counts once' }),
    allUnused: optional(z.literal(true, { error: 'must be true or left out' })).meta({
      description: 'All that are neither used nor revoked, expired ones too; either this or userIds',
    }),
    reason: visibleText(MAX_REASON_LENGTH, REASON_ERROR).meta({
      description: 'Told with the event and kept in the trace',
    }),
    returnSlots: z.boolean({ error: 'must be true or false' }).meta({
      description: 'true: the slots can be issued again, to others',
    }),
  })
  .refine((body) => (body.userIds === undefined) !== (body.allUnused === undefined), {
    path: ['userIds'],
    error: 'exactly one of userIds and allUnused must be given',
  })
  .meta({
    id: 'RevocationRequest',
    example: { userIds: [1001, 1002], reason: 'Issued by mistake', returnSlots: true },
  });
export type RevocationBody = z.output<typeof revocationBody>;

const count = (description: string) => z.int().min(0).meta({ description });

export const revocationResponse = z
  .object({
    revoked: count('Taken back by this call'),
    alreadyRevoked: count('Taken back before'),
    used: count('Used already: they stay USED and give no slot back; refunded later they are REVOKED'),
    notIssued: count('Have no user coupon, or it is still on its way'),
    slotsReturned: count('Slots that this call gave back, also of some that were revoked before without their slot'),
    remaining: count('Not looked at within 20 s; make the call again until it is 0'),
  })
  .meta({
    id: 'RevocationResult',
    example: { revoked: 1, alreadyRevoked: 0, used: 1, notIssued: 0, slotsReturned: 1, remaining: 0 },
  });
