import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import type { NewestPosition } from '../../platform/http/schemas.js';
import type { Action, Outcome } from './action.js';

/** What was noted of an action. */
export interface StoredAction {
  readonly id: number;
  readonly at: Date;
  readonly actor: string;
  readonly action: string;
  readonly subject: string | null;
  readonly before: Record<string, unknown> | null;
  readonly after: Record<string, unknown> | null;
  readonly outcome: Outcome;
  readonly requestId: string;
}

export interface ActionQuery {
  readonly subject?: string | undefined;
  readonly actor?: string | undefined;
  readonly cursor?: NewestPosition | undefined;
  readonly limit: number;
}

interface Row {
  readonly id: string;
  readonly at: Date;
  readonly actor: string;
  readonly action: string;
  readonly subject: string | null;
  readonly before: string | null;
  readonly after: string | null;
  readonly outcome: Outcome;
  readonly requestId: string;
}

const ALL = '1 = 1';

/** The table `admin_actions`. */
@Injectable()
export class ActionRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** The id of the new row; without a manager in a statement of its own. */
  async insert(action: Action, outcome: Outcome, at: Date, manager?: EntityManager): Promise<number> {
    const { actor, action: what, subject = null, before, after } = action;
    const { insertId } = await (manager ?? this.dataSource).query<{ insertId: number }>(
      `INSERT INTO admin_actions (at, actor, action, subject, before_state, after_state, outcome, request_id)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      [at, actor.name, what, subject, json(before), json(after), outcome, actor.requestId],
    );
    return insertId;
  }

  async end(id: number, outcome: Outcome, after: object): Promise<void> {
    await this.dataSource.query('UPDATE admin_actions SET outcome = ?, after_state = ? WHERE id = ?', [
      outcome,
      json(after),
      id,
    ]);
  }

  /** The newest first by (at, id), from the one before `cursor` on. */
  async findPage({ subject, actor, cursor, limit }: ActionQuery): Promise<StoredAction[]> {
    const [at, id] = cursor ?? [];
    const conditions: Array<[sql: string, ...values: unknown[]]> = [
      ...(subject === undefined ? [] : [['subject = ?', subject] as [string, string]]),
      ...(actor === undefined ? [] : [['actor = ?', actor] as [string, string]]),
      ...(at === undefined ? [] : [['(at, id) < (?, ?)', new Date(at), id] as [string, ...unknown[]]]),
    ];
    const rows = await this.dataSource.query<Row[]>(
      `SELECT id, at, actor, action, subject, before_state AS \`before\`, after_state AS \`after\`, outcome,
              request_id AS requestId
         FROM admin_actions WHERE ${conditions.map(([sql]) => sql).join(' AND ') || ALL}
        ORDER BY at DESC, id DESC LIMIT ?`,
      [...conditions.flatMap(([, ...values]) => values), limit],
    );
    return rows.map((row) => ({
      ...row,
      id: Number(row.id),
      before: parsed(row.before),
      after: parsed(row.after),
    }));
  }
}

function json(state: object | undefined): string | null {
  return state === undefined || Object.keys(state).length === 0 ? null : JSON.stringify(state);
}

function parsed(text: string | null): StoredAction['before'] {
  return text === null ? null : (JSON.parse(text) as Record<string, unknown>);
}
