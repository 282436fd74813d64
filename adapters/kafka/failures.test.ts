import { describe, expect, it } from 'vitest';
import { AdtallyError } from '../../domain/errors.ts';
import { asLogFailure, isAnswer, kafkaType } from './failures.ts';

const kafkaError = (name: string, fields: object = {}) => Object.assign(new Error('so it said'), { name, ...fields });

describe('A failure of Kafka', () => {
  it.each([
    kafkaError('KafkaJSConnectionError', { code: 'ECONNREFUSED' }),
    kafkaError('KafkaJSRequestTimeoutError'),
    kafkaError('KafkaJSProtocolError', { type: 'NOT_LEADER_FOR_PARTITION' }),
    kafkaError('Error', { code: 'ECONNRESET', syscall: 'read' }),
    kafkaError('KafkaJSNumberOfRetriesExceeded', {
      cause: kafkaError('KafkaJSProtocolError', { type: 'NOT_ENOUGH_REPLICAS' }),
    }),
  ])('that may pass is told as the log being unavailable: %s', (error) => {
    expect(asLogFailure(error)).toMatchObject({ code: 'LOG_UNAVAILABLE', cause: error });
  });

  it.each([
    kafkaError('KafkaJSSASLAuthenticationError'),
    kafkaError('KafkaJSNumberOfRetriesExceeded', { cause: kafkaError('KafkaJSSASLAuthenticationError') }),
    kafkaError('KafkaJSProtocolError', { type: 'TOPIC_AUTHORIZATION_FAILED' }),
    kafkaError('KafkaJSAggregateError', {
      errors: [kafkaError('KafkaJSError', { type: 'INVALID_REPLICATION_FACTOR' })],
    }),
  ])('that no repetition mends is told as a setting: %s', (error) => {
    expect(asLogFailure(error)).toMatchObject({ code: 'BAD_SETTING', cause: error });
  });

  it('that answers the question stays what it is', () => {
    const gone = kafkaError('KafkaJSOffsetOutOfRange', { type: 'OFFSET_OUT_OF_RANGE' });
    expect([asLogFailure(gone), isAnswer(gone), kafkaType(gone)]).toEqual([gone, true, 'OFFSET_OUT_OF_RANGE']);
  });

  it('of which nothing is known is not taken for an outage', () => {
    const defect = new TypeError('undefined is not a function');
    const own = new AdtallyError('OFFSET_GONE', 'nothing there');
    expect([asLogFailure(defect), asLogFailure(own)]).toEqual([defect, own]);
  });
});
