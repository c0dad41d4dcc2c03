import assert from 'node:assert/strict';
import { grpcTransport } from '@tenon/transport-grpc';
import { pinnedModule } from '../../harness/pinned-module.js';
import { ran, saidBy } from '../../harness/program.js';
import type { Stranger } from '../../harness/stranger.js';
import { Desk } from '../../tenon/desk.js';
import { served } from '../../tenon/served.js';

/** gRPC by hand: what there is, and how it is called, comes from reflection. */
export const grpcurl: Stranger = {
  direction: 'calls us',
  async meet(meeting) {
    const program = await meeting.machine.go(meeting.folder, 'github.com/fullstorydev/grpcurl/cmd/grpcurl');
    meeting.version = pinnedModule(meeting.folder, 'github.com/fullstorydev/grpcurl');
    await using ours = await served({ services: [Desk], modules: [grpcTransport()] });
    const address = `127.0.0.1:${ours.port}`;
    const ask = (...args: readonly string[]): Promise<string> => saidBy(program, ['-plaintext', ...args]);
    await meeting.case('list names the services', async () => {
      const names = (await ask(address, 'list')).trim().split('\n');
      assert.ok(names.includes('desk.Desk'), names.join());
      assert.ok(names.includes('grpc.health.v1.Health'), names.join());
    });
    await meeting.case('describe shows the methods and the messages', async () => {
      assert.match(
        await ask(address, 'describe', 'desk.Desk'),
        /rpc Hello \( \.desk\.HelloRequest \) returns \( \.desk\.HelloReply \)/,
      );
      assert.match(await ask(address, 'describe', 'desk.HelloRequest'), /string name = 1/);
    });
    await meeting.case('a unary call', async () => {
      const said = await ask('-d', '{"name":"Zoë"}', address, 'desk.Desk/Hello');
      assert.deepEqual(JSON.parse(said), { greeting: 'Hello Zoë' });
    });
    await meeting.case('a server stream', async () => {
      const said = await ask('-d', '{"to":3}', address, 'desk.Desk/Count');
      assert.deepEqual(said.match(/"n": "\d+"/g), ['"n": "1"', '"n": "2"', '"n": "3"']);
    });
    await meeting.case('a client stream and one both ways', async () => {
      const ticks = '{"n":1}{"n":2}{"n":3}';
      assert.deepEqual(JSON.parse(await ask('-d', ticks, address, 'desk.Desk/Total')), { n: '6' });
      assert.deepEqual((await ask('-d', ticks, address, 'desk.Desk/Double')).match(/\d+/g), ['2', '4', '6']);
    });
    await meeting.case('an error has its code', async () => {
      const { code, complained } = await ran(program, ['-plaintext', '-d', '{"name":""}', address, 'desk.Desk/Hello']);
      assert.notEqual(code, 0);
      assert.match(complained, /Code: InvalidArgument/);
    });
    await meeting.case('health', async () => {
      const said = await ask('-d', '{"service":"desk"}', address, 'grpc.health.v1.Health/Check');
      assert.deepEqual(JSON.parse(said), { status: 'SERVING' });
    });
  },
};
