import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { grpcTransport } from '@tenon/transport-grpc';
import { writeProto } from '../../grpc/derived-proto.js';
import { Missing } from '../../harness/missing.js';
import { ran, saidBy } from '../../harness/program.js';
import type { Stranger } from '../../harness/stranger.js';
import { Desk } from '../../tenon/desk.js';
import { served } from '../../tenon/served.js';

/** buf: its compiler takes the `.proto` that is derived from our classes, and its curl calls by what reflection tells. */
export const buf: Stranger = {
  direction: 'calls us',
  async meet(meeting) {
    await meeting.machine.npm(meeting.folder);
    const program = join(meeting.folder, 'node_modules', '.bin', 'buf');
    const folder = mkdtempSync(join(tmpdir(), 'tenon-buf-'));
    const env = { HOME: folder, XDG_CACHE_HOME: folder };
    try {
      const { code, said, complained } = await ran(program, ['--version'], { env });
      if (code !== 0) throw new Missing(`buf has no program for this machine: ${complained.trim()}`);
      meeting.version = `${said}${complained}`.trim();
      await meeting.case('its compiler takes the derived .proto of both services', async () => {
        writeProto(folder);
        writeProto(folder, Desk);
        await saidBy(program, ['build', folder, '-o', '/dev/null'], { env });
      });
      await using ours = await served({ services: [Desk], modules: [grpcTransport()] });
      const curl = (method: string, data: string): Promise<string> =>
        saidBy(
          program,
          [
            ...['curl', '--protocol', 'grpc', '--http2-prior-knowledge', '-d', data],
            `http://127.0.0.1:${ours.port}/desk.Desk/${method}`,
          ],
          { env },
        );
      await meeting.case('a unary call', async () => {
        assert.deepEqual(JSON.parse(await curl('Hello', '{"name":"Zoë"}')), { greeting: 'Hello Zoë' });
      });
      await meeting.case('streams of all kinds', async () => {
        const ticks = '{"n":1}{"n":2}{"n":3}';
        assert.deepEqual((await curl('Count', '{"to":3}')).match(/\d+/g), ['1', '2', '3']);
        assert.deepEqual(JSON.parse(await curl('Total', ticks)), { n: '6' });
        assert.deepEqual((await curl('Double', ticks)).match(/\d+/g), ['2', '4', '6']);
      });
      await meeting.case('an error has its code', async () => {
        await assert.rejects(curl('Hello', '{"name":""}'), /invalid_argument/);
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
