import { jsonCodec } from '@tenon/codec-json';
import { rejectsWith } from '@tenon/conformance';
import {
  type Call,
  type Connection,
  type Listener,
  noMetadata,
  type Reply,
  ServiceError,
  type Transport,
} from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { MemoryNetwork } from '@tenon/transport-memory';
import { describe, expect, it } from 'vitest';
import { createCodec, createMemoryTransport, memoryPort } from './fixture.js';
import { echo, serving } from './serving.js';
import { settle } from './settle.js';

describe('MemoryNetwork', () => {
  it('ends calls under way across a cut, perhaps executed, and tells the handler', async () => {
    const { network, a } = await threeNodes();
    const held = a.hold('b');
    await settle();
    network.cut('b');
    expect((await rejectsWith(() => held, 'Unavailable')).executed).toBe('maybe');
    expect(a.nodes.b.cancels.map(({ code }) => code)).toEqual(['Unavailable']);
  });

  it('lets a cut node reach nobody and nobody reach it, until it is healed', async () => {
    const { network, a, b, c } = await threeNodes();
    network.cut('b');
    network.cut('b');
    expect((await rejectsWith(() => a.echo('b'), 'Unavailable')).executed).toBe('no');
    expect((await rejectsWith(() => b.echo('a'), 'Unavailable')).executed).toBe('no');
    expect(await a.echo('c')).toBe('c');
    expect(await c.echo('a')).toBe('a');
    network.heal('b');
    expect(await a.echo('b')).toBe('b');
    expect(await b.echo('a')).toBe('a');
  });

  it('keeps two partitioned nodes apart, and nobody else', async () => {
    const { network, a, b, c } = await threeNodes();
    const apart = a.hold('b');
    const beside = a.hold('c');
    await settle();
    network.partition('b', 'a');
    expect((await rejectsWith(() => apart, 'Unavailable')).executed).toBe('maybe');
    await rejectsWith(() => a.echo('b'), 'Unavailable');
    await rejectsWith(() => b.echo('a'), 'Unavailable');
    expect(await c.echo('a')).toBe('a');
    expect(await c.echo('b')).toBe('b');
    network.heal('a');
    await rejectsWith(() => a.echo('b'), 'Unavailable');
    network.join('a', 'b');
    expect(await a.echo('b')).toBe('b');
    c.nodes.c.release();
    expect((await beside).value).toBe('held');
  });

  it('lets a node that is cut off reach itself', async () => {
    const { network, a } = await threeNodes();
    network.cut('a');
    expect(await a.echo('a')).toBe('a');
  });

  it('refuses to dial across a cut', async () => {
    const { network, a } = await threeNodes();
    network.cut('b');
    await rejectsWith(() => a.transport.dial(nodeOf('b'), { service: 'x' }), 'Unavailable');
  });

  it('has one listener for each instance', async () => {
    const { a } = await threeNodes();
    await rejectsWith(() => a.transport.listen(memoryPort('b'), a.nodes.b.handler), 'AlreadyExists');
  });

  it('is reached over the same connection by a listener that closed and came back', async () => {
    const { a, b } = await threeNodes();
    expect(await a.echo('b')).toBe('b');
    await b.listener.close();
    expect((await rejectsWith(() => a.echo('b'), 'Unavailable')).executed).toBe('no');
    await b.transport.listen(memoryPort('b'), b.nodes.b.handler);
    expect(await a.echo('b')).toBe('b');
  });

  it('keeps a request and a reply on the way for the latency each', async () => {
    const { clock, a } = await threeNodes({ latencyMs: 40 });
    let replied = false;
    const echo = a.echo('b').then(() => {
      replied = true;
    });
    await clock.advance(39);
    expect(a.nodes.b.served).toBe(0);
    await clock.advance(1);
    expect(a.nodes.b.served).toBe(1);
    await clock.advance(39);
    expect(replied).toBe(false);
    await clock.advance(1);
    await echo;
  });

  it('never delivers a request that was cut or out of time on its way', async () => {
    const { clock, network, a } = await threeNodes({ latencyMs: 40 });
    const cut = rejectsWith(() => a.echo('b'), 'Unavailable');
    await clock.advance(20);
    network.cut('b');
    await cut;
    network.heal('b');
    const late = rejectsWith(() => a.call('b', 'Echo', { deadline: clock.now() + 10 }), 'DeadlineExceeded');
    await clock.advance(200);
    await late;
    expect(a.nodes.b.served).toBe(0);
  });

  it('tells a call under way of a broken link once a cut comes, and not after the call has ended', () => {
    const network = new MemoryNetwork();
    const told: string[] = [];
    const line = (name: string) => ({ caller: 'a', callee: 'b', broken: () => told.push(name) });
    const ended = line('ended');
    network.open(line('under way'));
    network.open(ended);
    network.close(ended);
    network.cut('b');
    expect(told).toEqual(['under way']);
  });

  it.each([-1, 60_001, Number.NaN])('refuses a latency of %s and names the option', (latencyMs) => {
    expect(() => new MemoryNetwork({ latencyMs })).toThrow(`MemoryNetwork.latencyMs is ${latencyMs}`);
  });
});

class TestNode {
  readonly cancels: ServiceError[] = [];
  served = 0;
  release: () => void = () => {};

  readonly handler = serving(
    async (call): Promise<Reply> => {
      this.served += 1;
      if (call.endpoint === 'Echo') return echo(call);
      await new Promise<void>((resolve) => {
        this.release = resolve;
      });
      return { value: 'held', metadata: noMetadata };
    },
    (reason) => this.cancels.push(reason),
  );
}

interface Caller {
  readonly transport: Transport;
  readonly listener: Listener;
  readonly nodes: Nodes;
  call(to: string, endpoint: string, parts?: Partial<Call>): Promise<Reply>;
  echo(to: string): Promise<unknown>;
  hold(to: string): Promise<Reply>;
}

type Nodes = Readonly<Record<'a' | 'b' | 'c', TestNode>>;

/** Three nodes that share one network and one clock: each can call each. */
async function threeNodes(options: { readonly latencyMs?: number } = {}) {
  const network = new MemoryNetwork(options);
  const clock = new FakeClock();
  const nodes: Nodes = { a: new TestNode(), b: new TestNode(), c: new TestNode() };
  const caller = async (name: keyof Nodes): Promise<Caller> => {
    const transport = createMemoryTransport({ network }, [createCodec(jsonCodec())], clock);
    const listener = await transport.listen(memoryPort(name), nodes[name].handler);
    const connections = new Map<string, Connection>();
    const call = async (to: string, endpoint: string, parts: Partial<Call> = {}): Promise<Reply> => {
      const connection = connections.get(to) ?? (await transport.dial(nodeOf(to), { service: 'test' }));
      connections.set(to, connection);
      return connection.unary({
        endpoint: { service: 'test', name: endpoint, kind: 'unary', idempotent: false },
        value: to,
        metadata: noMetadata,
        deadline: clock.now() + 1_000,
        ...parts,
      });
    };
    const echo = async (to: string) => (await call(to, 'Echo')).value;
    return { transport, listener, nodes, call, echo, hold: (to) => call(to, 'Hold') };
  };
  return { network, clock, a: await caller('a'), b: await caller('b'), c: await caller('c') };
}

function nodeOf(instance: string) {
  return { id: `node-${instance}`, address: `memory:${instance}`, metadata: {} };
}
