import { noMetadata, ServiceError } from '@tenon/contract';
import { describe, expect, test, vi } from 'vitest';
import { attemptsOver, nodesOf } from '../../test/attempts-under-test.js';
import { type DispatcherSetting, dispatcherOf } from '../../test/dispatcher-under-test.js';
import { failureOf } from '../../test/failure-of.js';
import { collected, FedMessages } from '../../test/fed-messages.js';
import { hello } from '../../test/greeter.js';
import { replying } from '../../test/scripted-transport.js';
import { LocalConnection, LocalServices, passageOf } from '../local/index.js';

/** A client whose app serves the service itself, as node `n1`; nodes a and b serve it too. */
function setUp(setting: DispatcherSetting = {}) {
  const all = attemptsOver('a', 'b');
  all.selector.version = '2.0.0';
  const { dispatcher } = dispatcherOf(setting);
  const services = new LocalServices();
  const node = { id: 'n1', address: '127.0.0.1:1', metadata: noMetadata };
  const record = { name: 'greeter', version: '1.0.0', metadata: noMetadata, endpoints: [], nodes: [node] };
  services.serve(dispatcher, [record]);
  all.parts.local = new LocalConnection(services, passageOf('reference', []));
  all.transport.answer('a:1', replying('remote'));
  return { ...all, dispatcher, services };
}

describe('a call to a service of the same app', () => {
  test('is made here: nothing is selected, dialled or reported', async () => {
    const { selector, transport, pool, run } = setUp({ handle: () => 'local' });
    const acquire = vi.spyOn(pool, 'acquire');
    expect(await run()).toMatchObject({ value: 'local' });
    expect([selector.selects, selector.reports, transport.dials, acquire.mock.calls]).toEqual([[], [], [], []]);
  });

  test('is answered at once where its handler waits for nothing, else by a promise', async () => {
    const reply = { value: 'local', metadata: noMetadata };
    expect(setUp({ handle: () => 'local' }).begin()).toEqual(reply);
    const later = setUp({ handle: async () => 'local' }).begin();
    expect([later instanceof Promise, await later]).toEqual([true, reply]);
    const handle = () => {
      throw new ServiceError('NotFound', 'x');
    };
    const failed = setUp({ handle }).begin();
    expect(failed).toBeInstanceOf(Promise);
    expect(await failureOf(async () => failed)).toMatchObject({ code: 'NotFound', node: 'n1', executed: 'yes' });
  });

  test('streams here too', async () => {
    const { selector, run } = setUp({ kind: 'server', handle: () => new FedMessages().push(1, 2).end() });
    expect(await collected((await run({}, { ...hello, kind: 'server' })).messages)).toEqual([1, 2]);
    expect([selector.selects, selector.reports]).toEqual([[], []]);
  });

  test('goes to another node where this one refuses it, and that one is reported', async () => {
    const { selector, transport, run } = setUp({
      handle: () => Promise.reject(new ServiceError('Unavailable', 'warming up', { executed: 'no' })),
    });
    expect(await run()).toMatchObject({ value: 'remote' });
    expect([nodesOf(transport), selector.selects.map(({ exclude }) => [...(exclude ?? [])])]).toEqual([
      ['a:1'],
      [['n1']],
    ]);
    expect(selector.reports).toMatchObject([{ node: 'a', outcome: { error: undefined } }]);
  });

  test('says which node failed, as any other', async () => {
    const { run } = setUp({ handle: () => Promise.reject(new ServiceError('NotFound', 'x')) });
    expect(await failureOf(run())).toMatchObject({
      code: 'NotFound',
      node: 'n1',
      executed: 'yes',
      attempts: [{ node: 'n1', address: '127.0.0.1:1' }],
    });
  });

  test.each([
    ['names an address', { address: 'a:1' }],
    ['wants nodes that are not this one', { version: '2.0.0' }],
  ])('that %s goes there', async (_what, options) => {
    const { transport, run } = setUp({ handle: () => 'local' });
    expect(await run(options)).toMatchObject({ value: 'remote' });
    expect(nodesOf(transport)).toEqual(['a:1']);
  });

  test('goes to other nodes once the server has stopped', async () => {
    const { services, run } = setUp({ handle: () => 'local' });
    services.stop();
    expect(await run()).toMatchObject({ value: 'remote' });
  });
});
