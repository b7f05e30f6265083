import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { SingleFlight } from '../../platform/concurrency/single-flight.js';

/** Asks the database for a sign of life over the application's own pool. */
@Injectable()
export class DatabaseProbeRepository {
  private readonly questions = new SingleFlight<'ping', unknown>();

  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * Resolves when the database answers. A frozen one keeps the connection of each question, so there is only one
   * question at a time: enough to see it come back.
   */
  async ping(): Promise<void> {
    await this.questions.run('ping', () => this.dataSource.query('SELECT 1'));
  }
}
