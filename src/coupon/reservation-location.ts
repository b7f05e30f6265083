import { HttpStatus } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

interface Located {
  readonly couponId: number;
  readonly userId: number;
}

/** Answers with the reservation and says in `Location` where it can be followed. */
export function located<T extends Located>(reply: FastifyReply, reservation: T): T {
  void reply.header('location', `/api/coupons/${reservation.couponId}/reservations/${reservation.userId}`);
  return reservation;
}

/** Answers 200 with what was issued; 202 and a `Location` when the reservation has not been issued yet. */
export function issuedOrLocated<T extends Located & { readonly status: 'RESERVED' | 'ISSUED' }>(
  reply: FastifyReply,
  outcome: T,
): T {
  return outcome.status === 'ISSUED' ? outcome : located(reply.status(HttpStatus.ACCEPTED), outcome);
}

/** Where the reservation can be followed as a stream of events. */
export function eventsLocation(couponId: number, userId: number): string {
  return `/api/coupons/${couponId}/reservations/${userId}/events`;
}
