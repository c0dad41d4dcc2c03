import assert from 'node:assert/strict';
import { noMetadata, type Reply, ServiceError } from '@tenon/contract';
import type { ConformanceCase } from '../../suite.js';
import type { TransportFixture } from '../fixture.js';
import type { Probe } from '../probe.js';
import { garbledValue, partlyGarbledType } from '../suite-codecs.js';
import { numbered } from './message-source.js';
import {
  ofEachKind,
  type StreamKind,
  type StreamPromise,
  type StreamStage,
  streamed,
  streamKinds,
} from './stream-case.js';
import { settled, streamUnderWay } from './under-way.js';

const promises: readonly StreamPromise[] = [
  {
    sentence: 'a request that cannot be read ends it, and no other',
    kinds: streamKinds,
    run: (stage) =>
      besideAnother(stage, async () => {
        const { error, read } = await badRequest(stage, garbledValue);
        assert.equal(error.code, 'InvalidArgument', error.message);
        if (stage.kind === 'server') assert.equal(error.executed, 'no');
        else assert.notEqual(error.executed, 'no', 'a handler that read a request has run');
        assert.ok(
          stage.kind === 'server' || (read instanceof ServiceError && read.code === 'InvalidArgument'),
          String(read),
        );
      }),
  },
  {
    sentence: 'a request that cannot be encoded ends it, and no other',
    kinds: streamKinds,
    run: (stage) =>
      besideAnother(stage, async () => {
        const { error, read } = await badRequest(stage, { callback: () => 1 });
        assert.equal(error.code, 'InvalidArgument', error.message);
        if (stage.kind === 'server') assert.equal(error.executed, 'no');
        else assert.notEqual(error.executed, 'no', 'a handler that read a request has run');
        assert.ok(stage.kind === 'server' || read instanceof ServiceError, 'the requests ended as if all had come');
      }),
  },
  {
    sentence: 'a request over the limit ends it, and no other',
    kinds: streamKinds,
    run: (stage) =>
      besideAnother(stage, async () => {
        const { error, read } = await badRequest(stage, 'x'.repeat(stage.probe.side.port.maxMessageBytes + 1));
        assert.equal(error.code, 'ResourceExhausted', error.message);
        if (stage.kind === 'server') assert.equal(error.executed, 'no');
        else assert.notEqual(error.executed, 'no', 'a handler that read a request has run');
        assert.ok(stage.kind === 'server' || read instanceof ServiceError, 'the requests ended as if all had come');
      }),
  },
  {
    sentence: 'a reply that cannot be read ends it, and no other',
    kinds: streamKinds,
    run: (stage) =>
      besideAnother(stage, async () => {
        const error = await badReply(stage, garbledValue);
        assert.equal(error.executed, 'yes', 'a client that repeats this call repeats what was done');
      }),
  },
  {
    sentence: 'a reply that cannot be encoded ends it, and no other',
    kinds: streamKinds,
    run: (stage) =>
      besideAnother(stage, async () => {
        const error = await badReply(stage, { callback: () => 1 });
        assert.equal(error.code, 'Internal', error.message);
        assert.equal(error.executed, 'yes');
      }),
  },
  {
    sentence: 'a reply over the limit ends it, and no other',
    kinds: streamKinds,
    run: (stage) =>
      besideAnother(stage, async () => {
        const error = await badReply(stage, 'x'.repeat(stage.probe.side.port.maxMessageBytes + 1));
        assert.equal(error.code, 'ResourceExhausted', error.message);
        assert.equal(error.executed, 'yes');
      }),
  },
];

/** Messages that cannot be read, written or allowed: they end their own stream, and no other. */
export const badMessageCases: readonly ConformanceCase<TransportFixture>[] = promises.flatMap(ofEachKind);

/** Runs a part of a case while another stream is in its middle, which then goes on to its end. */
async function besideAnother({ probe, kind }: StreamStage, run: () => Promise<void>): Promise<void> {
  const another = await streamUnderWay(probe, kind);
  await run();
  assert.equal(await probe.echo('after'), 'after');
  another.goOn();
  const outcome = await another.outcome;
  assert.ok(!(outcome instanceof ServiceError), `another stream ended with ${outcome}`);
  assert.ok(another.read === undefined || !((await another.read) instanceof ServiceError));
}

/** A stream whose third request (of a server stream: the only one) is bad; the handler lets what it hears pass. */
async function badRequest({ probe, kind }: StreamStage, bad: unknown) {
  let read: ReturnType<typeof settled> | undefined;
  probe.serve('read', kind, async (call): Promise<Reply> => {
    if (kind === 'server') return streamed(probe.source([call.decode()]));
    const reading = probe.reader(call.messages()).rest();
    read = settled(reading);
    if (kind === 'client') return { value: (await reading).length, metadata: noMetadata };
    const replies = async function* () {
      yield 'first';
      await reading;
    };
    return streamed(probe.source(replies()));
  });
  const requests = async function* () {
    yield 1;
    yield 2;
    await probe.eventually(() => assert.ok(read !== undefined, 'the stream did not reach the handler'));
    yield bad;
    yield 3;
  };
  const error = await failure(probe, kind, 'read', {
    value: kind === 'server' ? bad : undefined,
    messages: kind === 'server' ? undefined : probe.source(requests()).messages,
  });
  return { error, read: read && (await probe.bounded(read, 'reading the requests')) };
}

/** A stream whose third reply (of a client stream: the only one) is bad. */
async function badReply({ probe, kind }: StreamStage, bad: unknown): Promise<ServiceError> {
  const replies = probe.source([...numbered(2), bad, 3]);
  probe.serve('write', kind, async (call): Promise<Reply> => {
    if (kind === 'client') {
      await probe.reader(call.messages()).rest();
      return { value: bad, metadata: noMetadata };
    }
    return streamed(replies);
  });
  const requests = kind === 'server' ? undefined : probe.source([1, 2]).messages;
  const error = await failure(probe, kind, 'write', { messages: requests });
  await probe.eventually(() => assert.ok(replies.settled, "the handler's producer was not returned from"));
  return error;
}

async function failure(
  probe: Probe,
  kind: StreamKind,
  endpoint: string,
  call: { readonly value?: unknown; readonly messages: AsyncIterable<unknown> | undefined },
): Promise<ServiceError> {
  const outcome = (async () => {
    const reply = await probe.stream(kind, endpoint, { ...call, contentType: partlyGarbledType });
    return kind === 'client' ? [reply.value] : await probe.reader(reply.messages).rest();
  })();
  const error = await settled(outcome);
  assert.ok(error instanceof ServiceError, 'the stream succeeded');
  return error;
}
