import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pinnedModule } from '../../harness/pinned-module.js';
import { ran, saidBy } from '../../harness/program.js';
import type { Stranger } from '../../harness/stranger.js';
import { NatsFleet } from '../../tenon/nats-fleet.js';

interface Info {
  readonly id: string;
  readonly version: string;
  readonly endpoints: readonly { readonly name: string; readonly subject: string }[];
}

interface Stats {
  readonly id: string;
  readonly endpoints: readonly { readonly name: string; readonly num_requests: number; readonly num_errors: number }[];
}

/** NATS's own command line: holds the answers to `$SRV` against their JSON Schemas, and calls. */
export const natsCli: Stranger = {
  direction: 'calls us',
  async meet(meeting) {
    const program = await meeting.machine.go(meeting.folder, 'github.com/nats-io/natscli/nats');
    meeting.version = pinnedModule(meeting.folder, 'github.com/nats-io/natscli');
    await using fleet = await NatsFleet.started(meeting.machine, 2);
    const home = mkdtempSync(join(tmpdir(), 'tenon-nats-cli-'));
    try {
      const server = ['--server', `nats://${fleet.server.address}`, '--timeout', '2s'];
      const env = { HOME: home, XDG_CONFIG_HOME: home };
      const nats = (...args: readonly string[]): Promise<string> => saidBy(program, [...server, ...args], { env });
      // Heads of replies are logged.
      const withHeads = async (...args: readonly string[]): Promise<string> =>
        (await ran(program, [...server, ...args], { env })).complained;
      const listed = async (...args: readonly string[]): Promise<readonly Info[]> =>
        JSON.parse(await nats('micro', 'ls', '--json', ...args));
      await meeting.case('micro ls finds both nodes', async () => {
        const infos = await listed();
        assert.deepEqual(
          infos.map(({ version }) => version),
          ['1.2.0', '1.2.0'],
        );
        assert.match(await nats('micro', 'ls'), /greeter/);
      });
      await meeting.case('micro ls of a name finds both, and nobody of another', async () => {
        assert.equal((await listed('greeter')).length, 2);
        await assert.rejects(listed('nobody'), /no service instances/);
      });
      await meeting.case('micro ping hears both', async () => {
        assert.equal((await nats('micro', 'ping')).match(/^greeter \S+ +rtt=/gm)?.length, 2);
      });
      await meeting.case('micro info tells the endpoints', async () => {
        const { info } = JSON.parse(await nats('micro', 'info', 'greeter', '--json')) as { readonly info: Info };
        const [hello] = info.endpoints;
        assert.deepEqual([hello?.name, hello?.subject], ['Greeter-Hello', 'greeter.Greeter.Hello']);
        assert.match(await nats('micro', 'info', 'greeter', info.id), /greeter\.Greeter\.Count/);
      });
      await meeting.case('req calls, and is answered', async () => {
        const said = await nats('req', '--raw', 'greeter.Greeter.Hello', '{"name":"Zoë"}');
        assert.deepEqual(JSON.parse(said), { greeting: 'Hello Zoë' });
      });
      await meeting.case('req sends headers, and shows those of the reply', async () => {
        const said = await withHeads('req', '-H', 'X-Request-Id:r-1', 'greeter.Greeter.Headers', '{}');
        assert.match(said, /x-request-id: r-1/i);
      });
      await meeting.case('req shows an error by its headers', async () => {
        const said = await withHeads('req', 'greeter.Greeter.Find', '{"name":"Bob"}');
        assert.match(said, /Nats-Service-Error-Code: 404/);
        assert.match(said, /Nats-Service-Error: \[NotFound\] nobody is called Bob/);
      });
      await meeting.case('req makes a hundred calls, which both nodes share', async () => {
        await nats('req', '--count', '100', 'greeter.Greeter.Hello', '{"name":"Ada"}');
        const stats = JSON.parse(await nats('micro', 'stats', 'greeter', '--json')) as readonly Stats[];
        const served = stats.map(
          ({ endpoints }) => endpoints.find(({ name }) => name === 'Greeter-Hello')?.num_requests,
        );
        assert.equal((served[0] ?? 0) + (served[1] ?? 0), 101);
        assert.ok(Math.min(...served.map((one) => one ?? 0)) > 10, `they served ${served.join(' and ')}`);
      });
      await meeting.case('micro stats counts errors', async () => {
        const stats = JSON.parse(await nats('micro', 'stats', 'greeter', '--json')) as readonly Stats[];
        const finds = stats.flatMap(({ endpoints }) => endpoints.filter(({ name }) => name === 'Greeter-Find'));
        assert.deepEqual(finds.map((one) => one.num_errors).sort(), [0, 1]);
      });
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  },
};
