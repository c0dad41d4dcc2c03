import { jsonCodec } from '@tenon/codec-json';
import { msgpackCodec } from '@tenon/codec-msgpack';
import type {
  Broker,
  Codec,
  Intercept,
  InterceptedCall,
  Interceptor,
  Message,
  Provider,
  Subscription,
} from '@tenon/contract';
import { ServiceError } from '@tenon/contract';
import { CodecSet } from '@tenon/contract/authoring';
import { FakeClock } from '@tenon/testing/fake-clock';
import { describe, expect, test } from 'vitest';
import { failureOf } from '../../test/failure-of.js';
import { HelloRequest, NameValidator } from '../../test/name-validator.js';
import { chain } from '../interceptors/chain.js';
import { CompiledSchemas } from '../schemas/compiled-schemas.js';
import { type ClientOptions, resolveClientOptions } from './client-options.js';
import { Publishing } from './publishing.js';

/** Keeps what it is given. */
class Mailbox implements Broker {
  readonly capabilities = {
    delivery: 'atMostOnce',
    levels: { atMostOnce: { whileDown: 'rejects', patterns: false, replays: false, outlives: 'nothing' } },
  } as const;
  readonly contentType = 'application/msgpack';
  readonly published: { readonly topic: string; readonly message: Message; readonly signal: unknown }[] = [];
  failure: unknown;

  async publish(topic: string, message: Message, options?: { readonly signal?: AbortSignal | undefined }) {
    if (this.failure !== undefined) throw this.failure;
    this.published.push({ topic, message, signal: options?.signal });
  }

  subscribe(): Promise<Subscription> {
    return Promise.reject(new ServiceError('Unimplemented', 'nobody subscribes here'));
  }

  async close(): Promise<void> {}
}

const made = (codec: Provider<Codec>): Codec => (codec.create as () => Codec)();
const [json, msgpack] = [made(jsonCodec()), made(msgpackCodec())];

function setUp({ client = {} as ClientOptions, interceptors = [] as Intercept[], broker = true } = {}) {
  const clock = new FakeClock(Date.UTC(2026, 0, 1));
  const mailbox = new Mailbox();
  const publishing = new Publishing(
    broker ? mailbox : undefined,
    new CodecSet([json, msgpack]),
    new CompiledSchemas(new NameValidator()),
    chain(interceptors),
    clock,
    resolveClientOptions(client),
  );
  return { clock, mailbox, publishing };
}

const read = (message: Message | undefined): unknown => {
  const { body, contentType } = message as Message;
  return new CodecSet([json, msgpack]).of(contentType).decode(body);
};

test('an event goes out with an id, the time, its metadata in lower case, and encoded as the broker prefers', async () => {
  const { clock, mailbox, publishing } = setUp();
  await clock.advance(1_000);
  const { signal } = new AbortController();
  await publishing.publish('user.created', { name: 'Ada' }, { metadata: { 'X-A': '1' }, signal });
  expect(mailbox.published).toMatchObject([
    {
      topic: 'user.created',
      message: {
        id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f-]{27}$/),
        timeMs: Date.UTC(2026, 0, 1) + 1_000,
        contentType: 'application/msgpack',
        metadata: { 'x-a': '1' },
      },
      signal,
    },
  ]);
  expect(read(mailbox.published[0]?.message)).toEqual({ name: 'Ada' });
});

test("the id is the publisher's where it names one, and else a new one for each event", async () => {
  const { mailbox, publishing } = setUp();
  await publishing.publish('t', 1, { id: 'mine' });
  await publishing.publish('t', 1, {});
  await publishing.publish('t', 1, {});
  const ids = mailbox.published.map(({ message }) => message.id);
  expect(ids[0]).toBe('mine');
  expect(new Set(ids).size).toBe(3);
});

test.each([
  ["the broker's", {}, {}, 'application/msgpack'],
  ["the client's", { contentType: 'application/json' }, {}, 'application/json'],
  ["the event's", { contentType: 'application/msgpack' }, { contentType: 'application/json' }, 'application/json'],
])('the content type can be %s', async (_whose, client, options, contentType) => {
  const { mailbox, publishing } = setUp({ client });
  await publishing.publish('t', { a: 1 }, options);
  expect(mailbox.published).toMatchObject([{ message: { contentType } }]);
  expect(read(mailbox.published[0]?.message)).toEqual({ a: 1 });
});

describe('an event that cannot go out', () => {
  test('because it breaks a rule does not leave', async () => {
    const { mailbox, publishing } = setUp();
    await publishing.publish('t', { name: 'Ada' }, { schema: HelloRequest });
    expect(await failureOf(publishing.publish('t', { name: 7 }, { schema: HelloRequest }))).toMatchObject({
      code: 'InvalidArgument',
      executed: 'no',
      endpoint: 't',
    });
    expect(mailbox.published).toHaveLength(1);
  });

  test.each([
    ['of its topic', 'a topic', {}, 'InvalidArgument'],
    ['of its metadata', 't', { metadata: { 'x-a': 'a\nb' } }, 'InvalidArgument'],
    ['nobody knows its content type', 't', { contentType: 'text/odd' }, 'InvalidArgument'],
  ])('because %s does not leave', async (_why, topic, options, code) => {
    const { mailbox, publishing } = setUp();
    expect(await failureOf(publishing.publish(topic, {}, options))).toMatchObject({ code, executed: 'no' });
    expect(mailbox.published).toEqual([]);
  });

  test('because it cannot be encoded does not leave', async () => {
    const { mailbox, publishing } = setUp();
    const failed = failureOf(publishing.publish('t', { run: () => {} }, { contentType: 'application/json' }));
    expect(await failed).toMatchObject({ code: 'InvalidArgument', executed: 'no', endpoint: 't' });
    expect(mailbox.published).toEqual([]);
  });

  test('because there is no broker is an error that says what to add', async () => {
    const { publishing } = setUp({ broker: false });
    expect(await failureOf(publishing.publish('t', {}, {}))).toMatchObject({
      code: 'FailedPrecondition',
      executed: 'no',
      rawMessage: '"t" cannot be published: no broker is bound; add one to modules, such as natsBroker()',
    });
  });

  test("because of the broker is the broker's error, which names the topic", async () => {
    const { mailbox, publishing } = setUp();
    mailbox.failure = new ServiceError('Unavailable', 'away', { executed: 'no' });
    expect(await failureOf(publishing.publish('t', {}, {}))).toMatchObject({
      code: 'Unavailable',
      rawMessage: 'away',
      executed: 'no',
      endpoint: 't',
    });
    mailbox.failure = new TypeError('odd');
    expect(await failureOf(publishing.publish('t', {}, {}))).toMatchObject({ code: 'Internal', executed: 'maybe' });
  });
});

describe('interceptors', () => {
  test('see the event before it is checked and encoded, and may change value and metadata', async () => {
    const seen: InterceptedCall[] = [];
    const { mailbox, publishing } = setUp({
      interceptors: [
        async (call, next) => {
          seen.push(call);
          return next({ ...call, value: { name: 'Eve' }, metadata: { ...call.metadata, 'X-B': '2' } });
        },
      ],
    });
    const { signal } = new AbortController();
    await publishing.publish('t', { name: 7 }, { schema: HelloRequest, metadata: { 'x-a': '1' }, signal });
    expect(seen).toMatchObject([
      {
        side: 'client',
        kind: 'event',
        service: '',
        endpoint: 't',
        value: { name: 7 },
        metadata: { 'x-a': '1' },
        deadline: Number.POSITIVE_INFINITY,
        signal,
      },
    ]);
    expect(mailbox.published).toMatchObject([{ message: { metadata: { 'x-a': '1', 'x-b': '2' } } }]);
    expect(read(mailbox.published[0]?.message)).toEqual({ name: 'Eve' });
  });

  test('have a signal that is never aborted where the publisher gave none', async () => {
    const aborted: boolean[] = [];
    const intercept: Interceptor['intercept'] = async (call, next) => {
      aborted.push(call.signal.aborted);
      return next(call);
    };
    await setUp({ interceptors: [intercept] }).publishing.publish('t', 1, {});
    expect(aborted).toEqual([false]);
  });

  test('that do not go on keep the event, and metadata that they spoil is refused', async () => {
    const quiet = setUp({ interceptors: [async () => ({ value: undefined, metadata: {} })] });
    await quiet.publishing.publish('t', 1, {});
    expect(quiet.mailbox.published).toEqual([]);
    const spoiling = setUp({ interceptors: [(call, next) => next({ ...call, metadata: { 'a b': 'c' } })] });
    expect(await failureOf(spoiling.publishing.publish('t', 1, {}))).toMatchObject({ code: 'InvalidArgument' });
    expect(spoiling.mailbox.published).toEqual([]);
  });
});
