import { type DataSource, QueryFailedError } from 'typeorm';
import { fromDriver } from '../../src/platform/database/database-errors.js';

interface Fault {
  readonly statement: RegExp;
  readonly error: Error;
  readonly isCarriedOut: boolean;
  timesLeft: number;
}

/** Lets statements of an application's data source fail with an error of the server, at a place that a test chooses. */
export class FailingStatements {
  private readonly faults: Fault[] = [];

  constructor(dataSource: DataSource) {
    const createQueryRunner = dataSource.createQueryRunner.bind(dataSource);
    dataSource.createQueryRunner = (...args) => {
      const runner = createQueryRunner(...args);
      const query: (...call: unknown[]) => Promise<unknown> = runner.query.bind(runner) as typeof query;
      const failing = async (statement: string, parameters?: unknown[], ...rest: unknown[]): Promise<unknown> => {
        const fault = this.faultOf(statement);
        if (fault === undefined) return await query(statement, parameters, ...rest);
        if (fault.isCarriedOut) await query(statement, parameters, ...rest);
        throw new QueryFailedError(statement, parameters, fault.error);
      };
      runner.query = failing as typeof runner.query;
      return runner;
    };
  }

  /**
   * The next `times` statements that match fail with `error`; `isCarriedOut`: only the answer is lost. All must have
   * happened at the end, see {@link left}.
   */
  next(statement: RegExp, error: Error, { times = 1, isCarriedOut = false } = {}): void {
    this.faults.push({ statement, error, isCarriedOut, timesLeft: times });
  }

  /** How many have not happened yet. */
  get left(): number {
    return this.faults.reduce((sum, { timesLeft }) => sum + timesLeft, 0);
  }

  private faultOf(statement: string): Fault | undefined {
    const fault = this.faults.find((each) => each.timesLeft > 0 && each.statement.test(statement));
    if (fault !== undefined) fault.timesLeft -= 1;
    return fault;
  }
}

/** An error as the server and the driver report it. */
export function serverError(errno: number, sqlState: string, message: string): Error {
  return fromDriver(Object.assign(new Error(message), { errno, sqlState, sqlMessage: message }));
}

/** An error as the driver reports a connection that is gone. */
export function connectionError(code: string): Error {
  return fromDriver(
    Object.assign(new Error('Connection lost: The server closed the connection.'), { code, fatal: true }),
  );
}
