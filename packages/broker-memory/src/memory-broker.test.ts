import { Broker, type Message, type Provider } from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import { describe, expect, it } from 'vitest';
import { MemoryHub, memoryBroker } from './index.js';

function setUp() {
  const hub = new MemoryHub();
  const client = (): Broker => made(memoryBroker({ hub }));
  return { hub, client };
}

function made(provider: Provider<Broker>): Broker {
  return (provider.create as (...parts: unknown[]) => Broker)(systemClock(), silentLogger());
}

function messageOf(id: string): Message {
  return { id, timeMs: 0, contentType: 'text/plain', body: Buffer.from(id), metadata: {} };
}

/** Subscribes, and returns the ids that arrive. */
async function collect(broker: Broker, queue?: string): Promise<readonly string[]> {
  const ids: string[] = [];
  await broker.subscribe('topic', async ({ message }) => void ids.push(message.id), { queue });
  return ids;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

describe('memoryBroker', () => {
  it('provides a Broker, and without a hub one of its own for each application', async () => {
    const provider = memoryBroker();
    expect(provider.token).toBe(Broker);
    const [one, other] = [made(provider), made(provider)];
    const [ids, none] = [await collect(one), await collect(other)];
    await one.publish('topic', messageOf('m1'));
    await turn();
    expect([ids, none]).toEqual([['m1'], []]);
  });

  it('never runs a handler inside the call of its publisher', async () => {
    const broker = setUp().client();
    const ids = await collect(broker);
    const publishing = broker.publish('topic', messageOf('m1'));
    expect(ids).toEqual([]);
    await publishing;
    await turn();
    expect(ids).toEqual(['m1']);
  });

  it('hands messages of a queue to its members in turn', async () => {
    const { client } = setUp();
    const [one, two] = [client(), client()];
    const inboxes = [await collect(one, 'queue'), await collect(one, 'queue'), await collect(two, 'queue')];
    for (const id of ['m1', 'm2', 'm3', 'm4', 'm5', 'm6']) await two.publish('topic', messageOf(id));
    await turn();
    expect(inboxes).toEqual([
      ['m1', 'm4'],
      ['m2', 'm5'],
      ['m3', 'm6'],
    ]);
  });

  it('starts no handler of a message that was handed over and then closed upon', async () => {
    const broker = setUp().client();
    const ids: string[] = [];
    const subscription = await broker.subscribe('topic', async ({ message }) => void ids.push(message.id));
    const publishing = broker.publish('topic', messageOf('m1'));
    await subscription.close();
    await publishing;
    await turn();
    expect(ids).toEqual([]);
  });
});

describe('MemoryHub', () => {
  it('cuts off one broker by name, which the return of the whole hub does not bring back', async () => {
    const { hub, client } = setUp();
    const [one, other] = [client(), client()];
    const inboxes = [await collect(one), await collect(other)];
    hub.cut(one);
    await expect(one.publish('topic', messageOf('m1'))).rejects.toThrow('[Unavailable]');
    await other.publish('topic', messageOf('m2'));
    hub.cut();
    await expect(other.publish('topic', messageOf('m3'))).rejects.toThrow('[Unavailable]');
    hub.heal();
    await expect(one.publish('topic', messageOf('m4'))).rejects.toThrow('[Unavailable]');
    hub.heal(one);
    await one.publish('topic', messageOf('m5'));
    await turn();
    expect(inboxes).toEqual([['m5'], ['m2', 'm5']]);
  });

  it('gives the share of a member that is cut off to the others of its queue', async () => {
    const { hub, client } = setUp();
    const [one, other] = [client(), client()];
    const inboxes = [await collect(one, 'queue'), await collect(other, 'queue')];
    hub.cut(one);
    for (const id of ['m1', 'm2', 'm3']) await other.publish('topic', messageOf(id));
    await turn();
    expect(inboxes).toEqual([[], ['m1', 'm2', 'm3']]);
  });
});
