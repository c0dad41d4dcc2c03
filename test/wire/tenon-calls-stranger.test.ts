import { tcpTransport } from '@tenon/transport-tcp';
import { type App, createApp, Registry, ServiceError } from 'tenon';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CallError } from './tenon-1-call.mjs';
import { serve } from './tenon-1-server.mjs';

/** What the stranger's handlers get beside the request. */
interface Context {
  readonly metadata: Readonly<Record<string, string>>;
  readonly timeLeftUs: number;
  readonly signal: AbortSignal;
  readonly replyMetadata: Record<string, string>;
}

type Stranger = Awaited<ReturnType<typeof serve>>;

let app: App;
let stopped: string[];
const strangers: Stranger[] = [];

beforeEach(async () => {
  stopped = [];
  app = await createApp({ profile: 'test', log: { level: 'silent' }, modules: [tcpTransport()] });
  await app.start();
});

afterEach(async () => {
  await app.close();
  for (const stranger of strangers.splice(0)) await stranger.close();
});

/** A server that was written from the page alone, found by Tenon as a foreign node of the fleet would be. */
async function greeter(limits = {}, id = 'greeter-1'): Promise<Stranger> {
  const stranger = await serve({ service: 'greeter', node: id, limits, endpoints });
  strangers.push(stranger);
  const node = { id, address: `127.0.0.1:${stranger.port}`, metadata: { 'tenon-protocols': 'tenon/1' } };
  const record = { name: 'greeter', version: '1.0.0', metadata: {}, endpoints: [], nodes: [node] };
  await app.get(Registry).register(record, { ttlMs: 60_000 });
  return stranger;
}

const endpoints = {
  'Greeter.Hello': {
    kind: 'unary',
    handle: async ({ name }: { name: string }, { metadata, timeLeftUs, replyMetadata }: Context) => {
      replyMetadata['served-by'] = 'a stranger';
      return { greeting: `hello ${name}`, tenant: metadata['tenant'], timeLeftUs };
    },
  },
  'Greeter.Echo': { kind: 'unary', handle: async (request: unknown) => request },
  'Greeter.Length': { kind: 'unary', handle: async ({ length }: string) => length },
  'Greeter.Wait': {
    kind: 'unary',
    handle: (_request: unknown, { signal }: Context) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          stopped.push(signal.reason.message);
          reject(signal.reason);
        });
      }),
  },
  'Greeter.Refuse': {
    kind: 'unary',
    handle: async () => {
      throw new CallError(5, 'nobody is here', { details: { looked: ['everywhere'] } });
    },
  },
  'Greeter.Count': {
    kind: 'server',
    async *handle({ to, pad = 0, fails = false }: { to: number; pad?: number; fails?: boolean }) {
      for (let n = 1; n <= to; n += 1) yield { n, pad: 'x'.repeat(pad) };
      if (fails) throw new CallError(10, 'it went wrong');
    },
  },
};

async function failure(call: Promise<unknown>): Promise<ServiceError> {
  return call.then(
    () => expect.fail('it succeeded'),
    (thrown) => ServiceError.from(thrown),
  );
}

describe('Tenon’s client at a server that was written from the page alone', () => {
  test('calls in a codec that both have, with metadata both ways and the time that is left', async () => {
    await greeter();
    let served: unknown;
    const onReply = (metadata: unknown): void => {
      served = metadata;
    };
    for (const tenant of ['acme', 'acme', 'Zoë']) {
      const options = { metadata: { tenant }, timeoutMs: 20_000, onReply };
      const value = (await app.call('greeter', 'Greeter.Hello', { name: 'Ada' }, options)) as { timeLeftUs: number };
      expect(value).toMatchObject({ greeting: 'hello Ada', tenant });
      expect(value.timeLeftUs).toBeGreaterThan(0);
      expect(value.timeLeftUs).toBeLessThanOrEqual(20_000_000);
      expect(served).toEqual({ 'served-by': 'a stranger' });
    }
  });

  test('keeps to the limits of calls and waits', async () => {
    await greeter({ calls: 3 });
    const calls = Array.from({ length: 500 }, (_, n) => app.call('greeter', 'Greeter.Echo', n));
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 500 }, (_, n) => n));
  });

  test('sends and gets what is larger than a frame', async () => {
    await greeter();
    const text = 'aé'.repeat(500_000);
    expect((await app.call('greeter', 'Greeter.Echo', text)) === text).toBe(true);
  });

  test('lets small calls pass a large request', async () => {
    await greeter();
    await app.call('greeter', 'Greeter.Echo', 'connected');
    const order: string[] = [];
    const large = app.call('greeter', 'Greeter.Length', 'x'.repeat(2_000_000)).then((length) => {
      order.push('large');
      return length;
    });
    await app.call('greeter', 'Greeter.Echo', 'small');
    order.push('small');
    expect(await large).toBe(2_000_000);
    expect(order).toEqual(['small', 'large']);
  });

  test('sends nothing that is larger than the server takes', async () => {
    await greeter({ messageBytes: 1_000 });
    const error = await failure(app.call('greeter', 'Greeter.Echo', 'x'.repeat(1_000)));
    expect(error).toMatchObject({ code: 'ResourceExhausted', executed: 'no' });
    expect(await app.call('greeter', 'Greeter.Echo', 'x'.repeat(900))).toHaveLength(900);
  });

  test('reads a stream', async () => {
    await greeter();
    let letters = 0;
    for await (const message of app.stream('greeter', 'Greeter.Count', { to: 30, pad: 100_000 })) {
      letters += (message as { pad: string }).pad.length;
    }
    expect(letters).toBe(3_000_000);
  });

  test('leaves a stream early, and calls on', async () => {
    await greeter();
    for await (const message of app.stream('greeter', 'Greeter.Count', { to: 1_000_000, pad: 1_000 })) {
      if ((message as { n: number }).n === 3) break;
    }
    expect(await app.call('greeter', 'Greeter.Echo', 1)).toBe(1);
  });

  test('gets errors with code, details and whether the handler ran', async () => {
    await greeter();
    const refused = await failure(app.call('greeter', 'Greeter.Refuse'));
    expect(refused).toMatchObject({ code: 'NotFound', executed: 'yes', details: { looked: ['everywhere'] } });
    expect(refused.rawMessage).toBe('nobody is here');
    const unknown = await failure(app.call('greeter', 'Greeter.None'));
    expect(unknown).toMatchObject({ code: 'Unimplemented', executed: 'no' });
    const seen: number[] = [];
    const read = async (): Promise<void> => {
      for await (const message of app.stream('greeter', 'Greeter.Count', { to: 2, fails: true })) {
        seen.push((message as { n: number }).n);
      }
    };
    expect(await failure(read())).toMatchObject({ code: 'Aborted', executed: 'yes' });
    expect(seen).toEqual([1, 2]);
  });

  test('cancels, and runs out of time', async () => {
    await greeter();
    await app.call('greeter', 'Greeter.Echo', 1);
    const controller = new AbortController();
    const canceled = failure(app.call('greeter', 'Greeter.Wait', {}, { signal: controller.signal }));
    const passed = app.call('greeter', 'Greeter.Echo', 2);
    expect(await passed).toBe(2);
    controller.abort();
    expect(await canceled).toMatchObject({ code: 'Canceled', executed: 'maybe' });
    const late = await failure(app.call('greeter', 'Greeter.Wait', {}, { timeoutMs: 60 }));
    expect(late).toMatchObject({ code: 'DeadlineExceeded', executed: 'maybe' });
    expect(await app.call('greeter', 'Greeter.Echo', 3)).toBe(3);
    expect(stopped[0]).toBe('cancelled with 1');
    expect(stopped).toHaveLength(2);
  });

  test('never runs a call at an address that is somebody else’s now', async () => {
    const other = await serve({ service: 'other', node: 'other-1', endpoints });
    strangers.push(other);
    const node = { id: 'greeter-0', address: `127.0.0.1:${other.port}`, metadata: { 'tenon-protocols': 'tenon/1' } };
    const record = { name: 'greeter', version: '1.0.0', metadata: {}, endpoints: [], nodes: [node] };
    await app.get(Registry).register(record, { ttlMs: 60_000 });
    const error = await failure(app.call('greeter', 'Greeter.Echo', 1, { timeoutMs: 2_000 }));
    expect(error).toMatchObject({ code: 'Unavailable', executed: 'no' });
  });

  test('is told of the end: what is under way ends well, and the next call goes elsewhere', async () => {
    const first = await greeter();
    const messages = app.stream('greeter', 'Greeter.Count', { to: 40, pad: 5_000 });
    await messages.next();
    await greeter({}, 'greeter-2');
    const drained = first.drain();
    let count = 1;
    for await (const _ of messages) count += 1;
    expect(count).toBe(40);
    await drained;
    for (let n = 0; n < 5; n += 1) expect(await app.call('greeter', 'Greeter.Echo', n)).toBe(n);
  });
});
