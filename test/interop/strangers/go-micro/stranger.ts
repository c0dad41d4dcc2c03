import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@tenon/conformance';
import { protoFileOf } from '@tenon/protobuf';
import { consulRegistry } from '@tenon/registry-consul';
import { type App, etcdRegistry, memoryRegistry, readService } from 'tenon';
import { BackEnd } from '../../../e2e/back-end.js';
import { GoMicroPeer, type PeerLine } from '../../../e2e/go-micro-peer.js';
import type { Meeting } from '../../harness/meeting.js';
import { Missing } from '../../harness/missing.js';
import { pinnedModule } from '../../harness/pinned-module.js';
import type { Stranger } from '../../harness/stranger.js';
import { Agent } from '../consul/agent.js';
import { findEachOtherByMdns } from './by-mdns.js';
import { findEachOther } from './find-each-other.js';
import { arrived, Greeter, Told } from './gopher.js';
import { itCalls } from './it-calls.js';
import { ourApp, patience } from './our-app.js';
import { weCall } from './we-call.js';
import { flagsOf, wires } from './wires.js';

/** A go-micro process, client and server, over each wire that both have, by each registry that both have, and its http broker. */
export const goMicro: Stranger = {
  direction: 'both ways',
  async meet(meeting) {
    const sources = join(meeting.folder, '..', '..', 'go-micro');
    const found = await GoMicroPeer.found(sources);
    // Whoever serves Go's modules here is nobody's business but this machine's.
    if (typeof found === 'string') throw new Missing(found.replaceAll(/https?:\/\/\S+/g, 'the module'));
    await using peer = found;
    meeting.version = pinnedModule(sources, 'go-micro.dev/v6');
    await meeting.case('its messages are generated from the .proto that is derived from our classes', () => {
      const { name, endpoints } = readService(Greeter);
      const { text } = protoFileOf(
        name,
        endpoints.map(({ descriptor }) => descriptor),
      );
      assert.equal(readFileSync(join(sources, 'typed', 'greeter.proto'), 'utf8'), text);
    });
    await part(meeting, 'mucp, found through etcd', () => overMucp(meeting, peer));
    await overGrpc(meeting, peer);
    await part(meeting, 'Consul', async () => {
      await using agent = await Agent.started(meeting.machine, join(meeting.folder, '..', 'consul'));
      await findEachOther(meeting, peer, {
        name: 'Consul',
        flags: ['-registry', 'consul', '-registry_address', agent.endpoint],
        module: () => consulRegistry({ endpoint: agent.endpoint }),
      });
    });
    await part(meeting, 'mDNS', () => findEachOtherByMdns(meeting, peer));
  },
};

/** What this machine cannot have is one skipped case, and the rest goes on. */
async function part(meeting: Meeting, name: string, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (thrown) {
    if (!(thrown instanceof Missing)) throw thrown;
    meeting.record({ name, result: 'skipped', reason: thrown.message });
  }
}

async function overMucp(meeting: Meeting, peer: GoMicroPeer): Promise<void> {
  await meeting.machine.program('etcd', 'etcd-server');
  await using etcd = await BackEnd.started('etcd');
  const where = ['-registry', 'etcd', '-registry_address', etcd.address];
  await using app = await ourApp(etcdRegistry({ endpoints: [etcd.address] }));
  for (const wire of wires.filter(({ protocol }) => protocol === 'mucp')) {
    await itCalls(meeting, peer, where, wire);
    // One at a time: all of them have the same name.
    await using _server = await peer.serve([...where, ...flagsOf(wire)]);
    await weCall(meeting, app, wire);
  }
  await using server = await peer.serve(where);
  await events(meeting, app, () => peer.call([...where, '-topic', 'tenon.heard', 'publish']), server.lines);
}

/** By address: a go-micro process with a gRPC server cannot use etcd. */
async function overGrpc(meeting: Meeting, peer: GoMicroPeer): Promise<void> {
  await using app = await ourApp(memoryRegistry());
  const ours = app.describe().address?.listen ?? '';
  for (const wire of wires.filter(({ protocol }) => protocol === 'grpc')) {
    await itCalls(meeting, peer, ['-registry', 'none', '-address', ours], wire);
    await using server = await peer.serve(['-registry', 'none', ...flagsOf(wire)]);
    await weCall(meeting, app, wire, { address: `grpc://${server.address}` });
  }
}

async function events(
  meeting: Meeting,
  app: App,
  itPublishes: () => Promise<unknown>,
  itHeard: readonly PeerLine[],
): Promise<void> {
  await meeting.case('an event of ours is heard there', () =>
    eventually(async () => {
      await app.publisher(Told).publish({ name: 'Ada', to: 7 });
      assert.ok(itHeard.some((line) => line.case === 'heard' && line['name'] === 'Ada' && line['to'] === 7));
    }, patience),
  );
  await meeting.case('an event of its own is heard here', async () => {
    await itPublishes();
    await eventually(() => assert.ok(arrived.events.some(({ name, to }) => name === 'Go' && to === 7)), patience);
  });
}
