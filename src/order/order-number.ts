import { Injectable } from '@nestjs/common';
import { randomInt } from 'node:crypto';

/** 0, O, 1, I and L are left out: they are read as one another. */
const CHARACTERS = '23456789ABCDEFGHJKMNPQRSTUVWXYZ';
const GROUPS = 2;
const GROUP_LENGTH = 5;

/**
 * Draws order numbers that can be read out on the telephone and not be guessed: `20261120-7KQ2M-WX9RT`. Not unique by
 * themselves: the unique key decides, and whoever inserts draws again after a collision.
 */
@Injectable()
export class OrderNumbers {
  /** A new number; the date is that of `createdAt` in UTC. */
  draw(createdAt: Date): string {
    const date = createdAt.toISOString().slice(0, 10).replaceAll('-', '');
    return [date, ...Array.from({ length: GROUPS }, drawGroup)].join('-');
  }
}

function drawGroup(): string {
  return Array.from({ length: GROUP_LENGTH }, () => CHARACTERS[randomInt(CHARACTERS.length)]).join('');
}
