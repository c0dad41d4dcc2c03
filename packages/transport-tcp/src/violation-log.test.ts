import { type LogFields, type Logger, ServiceError } from '@tenon/contract';
import { expect, test } from 'vitest';
import { ViolationLog } from './violation-log.js';

test('one line a second says that peers broke the protocol, and how many more did', () => {
  const lines: LogFields[] = [];
  const logger = { warn: (_message: string, fields: LogFields) => lines.push(fields) } as unknown as Logger;
  let now = 0;
  const log = new ViolationLog(logger, { now: () => now, wallTime: () => 0, after: () => () => {} });
  const peer = { address: '10.0.0.1:5', transport: 'tenon/1' };
  const broken = new ServiceError('Unavailable', 'the peer broke the protocol: a segment is damaged');
  for (let count = 0; count < 10; count += 1) log.ended(peer, broken);
  log.ended(peer, new ServiceError('Unavailable', 'the peer closed the connection'));
  expect(lines).toEqual([{ peer: '10.0.0.1:5', reason: broken.rawMessage, unsaid: 0 }]);
  now = 1_500;
  log.ended(peer, new ServiceError('Unimplemented', 'no such service'));
  expect(lines.at(-1)).toEqual({ peer: '10.0.0.1:5', reason: 'no such service', unsaid: 9 });
});
