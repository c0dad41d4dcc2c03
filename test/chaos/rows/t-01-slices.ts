import { faults } from '@tenon/testing/fault-proxy';
import { number } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { textOf } from '../nodes/stream-loads.js';

export const slices: Row = {
  id: 'T-01',
  fault: 'everything arrives in pieces of one byte, both ways',
  bar: 'every case of a call and of a stream passes, 0 wrong answers',
  transports: 'each',
  together: 'all',
  notApplicable: { memory: 'memory has no bytes to cut' },
  tests: [
    {
      file: 'packages/transport-tcp/test/hostile.test.ts',
      titles: ['a session in slices of one byte is served like any other'],
    },
    { file: 'packages/transport-http/test/hostile.test.ts', titles: ['a request that arrives byte by byte is served'] },
    {
      file: 'packages/core/test/port/claims.test.ts',
      titles: ['the first bytes may come one by one, whatever the protocol'],
    },
  ],

  async run(lab, { wire, tested }) {
    const tests = await tested();
    const fleet = await lab.fleet();
    const node = await fleet.start({ proxied: true });
    const caller = await fleet.caller();
    node.proxy.inject(faults.slices());
    const wrong: string[] = [];
    const check = (what: string, right: boolean, found: unknown): void => {
      if (!right) wrong.push(`${what}: ${JSON.stringify(found)}`);
    };
    const call = (name: string, request: object, options: object = {}) =>
      caller.call({ name, endpoint: 'once', request, options: { timeoutMs: 30_000, ...options } });

    const plain = await call('plain', {});
    check('a call', 'node' in plain, plain);
    const long = await call('long', { text: textOf(6_000) });
    check('a long call', 'node' in long, long);
    const code = async (request: object, options: object = {}): Promise<string> => {
      const found = await call('code', request, options);
      return 'code' in found ? found.code : 'none';
    };
    const refused = await code({ failCode: 'NotFound', failExecuted: 'yes' });
    check('an error with its code', refused === 'NotFound', refused);
    const internal = await code({ throwText: 'secret' });
    check('an error without one', internal === 'Internal', internal);
    const late = await code({ delayMs: 20_000 }, { timeoutMs: 1_000, maxAttempts: 1 });
    check('a deadline', late === 'DeadlineExceeded', late);
    const bad = await code({ delayMs: 'soon' as never });
    check('a request that breaks a rule', bad === 'InvalidArgument', bad);
    const load = await caller.load({
      name: 'many',
      endpoint: 'once',
      rate: 20,
      durationMs: 2_000,
      request: { text: 'x'.repeat(50) },
      options: { timeoutMs: 30_000 },
    });
    check('many at once', load.failed === 0, load.failures);
    const read = await caller.read({ name: 'read', streams: 3, bytes: 100, durationMs: 1_000 });
    check('server streams', read.failures.length === 0 && read.fewest > 0, read);
    let streamed = read.pieces;
    if (wire !== 'http/1.1') {
      const offered = await caller.offer({ bytes: 100, pieces: 50, timeoutMs: 30_000 });
      check('a client stream', offered.read === 50, offered);
      streamed += offered.read;
    }
    check('every piece was of one byte', node.proxy.counts.bytesToTarget > 10_000, node.proxy.counts);
    const cases = wire === 'http/1.1' ? 8 : 9;
    return {
      n: load.sent + 6,
      figure: `${cases} cases and ${tests} tests: ${wrong.length} wrong; ${load.sent + 6} calls, ${number(streamed)} pieces of streams`,
      passed: wrong.length === 0,
      ...(wrong.length === 0 ? {} : { notes: wrong.join('; ') }),
    };
  },
};
