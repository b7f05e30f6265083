import { describe, expect, it, jest } from '@jest/globals';
import type { KafkaConnection } from '../../platform/kafka/kafka-connection.js';
import { KafkaUnavailableError } from '../../platform/kafka/kafka-errors.js';
import type { KafkaProducer } from '../../platform/kafka/kafka-messages.js';
import type { EventsConfig } from '../events.config.js';
import { KafkaEvents } from './kafka-events.js';

describe('events for Kafka', () => {
  const send = jest.fn<KafkaProducer['send']>();
  const producer = jest.fn<KafkaConnection['producer']>(() => ({ send }));
  const failed = jest.fn<KafkaConnection['failed']>();
  const recovered = jest.fn<KafkaConnection['recovered']>();

  function open(enabled: boolean): KafkaEvents {
    for (const mock of [send, failed, recovered]) mock.mockReset();
    producer.mockClear();
    const kafka = { producer, failed, recovered } as unknown as KafkaConnection;
    return new KafkaEvents(kafka, { events: { kafka: { enabled, topic: 'told' } } } as EventsConfig);
  }

  it('go to the topic in their order, by their subject, and say what they are', async () => {
    send.mockResolvedValue();
    const events = open(true);
    await events.send([
      { key: 'coupons/42', value: '{"id":"1"}' },
      { key: 'coupons/42', value: '{"id":"2"}' },
    ]);
    expect(producer).toHaveBeenCalledWith({ inOrder: true });
    const headers = { 'content-type': 'application/cloudevents+json; charset=utf-8' };
    expect(send.mock.calls).toEqual([
      [
        'told',
        [
          { key: 'coupons/42', value: '{"id":"1"}', headers },
          { key: 'coupons/42', value: '{"id":"2"}', headers },
        ],
      ],
    ]);
    expect(recovered).toHaveBeenCalled();
  });

  it('are to be sent again when Kafka did not take them', async () => {
    const events = open(true);
    const away = new KafkaUnavailableError(new Error('nobody there'));
    send.mockRejectedValue(away);
    await expect(events.send([{ key: 'orders/1', value: '{}' }])).rejects.toBe(away);
    expect(failed).toHaveBeenCalledWith('events', away);
    expect(recovered).not.toHaveBeenCalled();
  });

  it('go nowhere, and Kafka is not used for them, unless it is enabled', async () => {
    const events = open(false);
    expect(events.isEnabled).toBe(false);
    await expect(events.send([])).rejects.toThrow('events.kafka.enabled is false');
    expect(producer).not.toHaveBeenCalled();
  });
});
