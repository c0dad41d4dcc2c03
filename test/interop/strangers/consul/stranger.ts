import assert from 'node:assert/strict';
import { inflateSync } from 'node:zlib';
import { eventually } from '@tenon/conformance';
import { consulRegistry } from '@tenon/registry-consul';
import { createApp, httpTransport, Registry, tcpTransport } from 'tenon';
import { pinnedModule } from '../../harness/pinned-module.js';
import type { Stranger } from '../../harness/stranger.js';
import { Greeter } from '../../tenon/greeter.js';
import { served } from '../../tenon/served.js';
import { Agent } from './agent.js';

/** A real agent: keeps what we register, shows it to everybody, and tells us what others registered. */
export const consul: Stranger = {
  direction: 'both ways',
  async meet(meeting) {
    meeting.version = pinnedModule(meeting.folder, 'github.com/hashicorp/consul');
    await using agent = await Agent.started(meeting.machine, meeting.folder);
    const node = await served({ modules: [consulRegistry({ endpoint: agent.endpoint })], server: { ttlMs } });
    try {
      await using caller = await callerBy(agent, 'default');
      await meeting.case('its catalog shows our node, with the tags of go-micro', async () => {
        const [entry] = await agent.entries('greeter');
        assert.equal(entry?.ServicePort, node.port);
        const version = entry?.ServiceTags.find((tag) => tag.startsWith('v-'))?.slice(2) ?? '';
        assert.equal(inflateSync(Buffer.from(version, 'hex')).toString(), '1.2.0');
        assert.ok(entry?.ServiceTags.some((tag) => tag.startsWith('e-')));
      });
      await meeting.case('its command line lists our service', async () => {
        assert.match(await agent.cli('catalog', 'services'), /^greeter$/m);
        assert.match(await agent.cli('catalog', 'nodes', '-service=greeter'), /^interop /m);
      });
      await meeting.case('our node is found by it, and called', () => hello(caller));
      for (const consistency of ['consistent', 'stale'] as const) {
        await meeting.case(`the same with reads ${consistency}`, async () => {
          await using another = await callerBy(agent, consistency);
          await eventually(() => hello(another), { withinMs: 5_000 });
        });
      }
      await meeting.case(
        'a node whose check it holds for failed is left out, and comes back with its next renewal',
        async () => {
          const [entry] = await agent.entries('greeter');
          await agent.ask(`agent/check/fail/service:${entry?.ServiceID}`, 'PUT');
          await eventually(async () => assert.equal(await nodesOf(caller, 'greeter'), 0), {
            withinMs: 5_000,
            everyMs: 5,
          });
          await eventually(async () => assert.equal(await nodesOf(caller, 'greeter'), 1), { withinMs: 10_000 });
        },
      );
      await meeting.case('what its command line registers is found, without a version', async () => {
        await agent.cli('services', 'register', '-name=printer', '-id=printer-1', '-address=127.0.0.1', '-port=9');
        const [record] = await caller.app.get(Registry).lookup('printer');
        assert.deepEqual([record?.version, record?.nodes[0]?.address], ['', '127.0.0.1:9']);
        assert.deepEqual([...(await caller.app.get(Registry).list())].sort(), ['greeter', 'printer']);
      });
      await meeting.case('what its command line takes out is gone', async () => {
        await agent.cli('services', 'deregister', '-id=printer-1');
        await eventually(async () => assert.equal(await nodesOf(caller, 'printer'), 0), { withinMs: 5_000 });
      });
      await meeting.case('killed and started again, it has our node and calls go on', async () => {
        await agent.kill();
        await hello(caller);
        await agent.start();
        await eventually(async () => assert.equal(await nodesOf(caller, 'greeter'), 1), { withinMs: 20_000 });
        await hello(caller);
      });
    } finally {
      await node[Symbol.asyncDispose]();
    }
    await meeting.case('a node that leaves has left its catalog', async () => {
      assert.deepEqual(await agent.entries('greeter'), []);
    });
  },
};

const ttlMs = 3_000;

interface Caller extends AsyncDisposable {
  readonly app: Awaited<ReturnType<typeof createApp>>;
}

async function callerBy(agent: Agent, consistency: 'default' | 'consistent' | 'stale'): Promise<Caller> {
  const registry = consulRegistry({ endpoint: agent.endpoint, consistency });
  const modules = [tcpTransport(), httpTransport(), registry];
  const app = await createApp({ profile: 'test', log: { level: 'silent' }, modules });
  await app.start();
  return { app, [Symbol.asyncDispose]: () => app.close() };
}

async function hello({ app }: Caller): Promise<void> {
  assert.deepEqual(await app.client(Greeter).hello({ name: 'Ada' }), { greeting: 'Hello Ada' });
}

async function nodesOf({ app }: Caller, service: string): Promise<number> {
  return (await app.get(Registry).lookup(service)).flatMap(({ nodes }) => nodes).length;
}
