import { Logger } from '@nestjs/common';
import type { Kafka, KafkaConfig } from 'kafkajs';
import type { Config } from '../config/config.schema.js';

const CONNECT_TIMEOUT_MS = 1_000;
/** A broker that stands still keeps its connections: only this tells. */
const REQUEST_TIMEOUT_MS = 3_000;
/** The client's own are for minutes. Whoever uses it tries again, and says so. */
export const FEW_RETRIES = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3 };

/** A client of the brokers of the configuration. The library is loaded by the first one, and not where there is none. */
export async function openKafka({ kafka }: Config): Promise<Kafka> {
  const { Kafka, logLevel } = await import('kafkajs');
  const logger = new Logger('Kafka');
  const options: KafkaConfig = {
    brokers: kafka.brokers?.split(',') ?? [],
    clientId: kafka.clientId,
    ssl: kafka.tls,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: FEW_RETRIES,
    logLevel: logLevel.WARN,
    // It tells of each attempt; what an operator must know is told once, by KafkaState.
    logCreator: () => (entry) => logger.debug(`${entry.namespace}: ${entry.log.message}`),
  };
  const { username, password } = kafka;
  if (username !== undefined && password !== undefined) options.sasl = { mechanism: 'plain', username, password };
  return new Kafka(options);
}
