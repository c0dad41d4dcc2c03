import { join } from 'node:path';
import { freePort } from '../../chaos/lab/free-port.js';
import { type CaseServer, clientCases } from '../grpc/client-cases.js';
import { OurClient } from '../grpc/our-client.js';
import { servedTestService } from '../grpc/served-test-service.js';
import { accepts } from '../harness/accepts.js';
import { Missing } from '../harness/missing.js';
import { ran, saidBy } from '../harness/program.js';
import { ServerProgram } from '../harness/server-program.js';
import type { Stranger } from '../harness/stranger.js';

/** gRPC's C core by way of Ruby: Debian's package has the interoperability programs too. Their keys for TLS it has not. */
export const grpcRuby: Stranger = {
  direction: 'both ways',
  async meet(meeting) {
    const ruby = await meeting.machine.program('ruby', 'ruby');
    await meeting.machine.debian('ruby-grpc', async () => (await ran(ruby, ['-e', "require 'grpc'"])).code === 0);
    const gem = (await saidBy(ruby, ['-e', "puts Gem::Specification.find_by_name('grpc').gem_dir"])).trim();
    meeting.version = gem.replace(/^.*-/, '');
    const [client, server] = ['client', 'server'].map((name) => join(gem, 'src', 'ruby', 'pb', 'test', `${name}.rb`));
    if (client === undefined || server === undefined) throw new Missing('the gem has no interoperability programs');
    const put = (name: string, { port }: CaseServer): Promise<string> =>
      saidBy(ruby, [
        client,
        ...['--server_host', '127.0.0.1', '--server_port', String(port), '--use_tls', 'false', '--test_case', name],
      ]);
    await using ours = await servedTestService();
    const port = await freePort();
    const own = { port, tls: false };
    await using _own = await ServerProgram.started(ruby, [server, '--port', String(port), '--use_tls', 'false'], () =>
      accepts(port),
    );
    await clientCases(meeting, { way: 'it calls', names: rubyCases, put, ours: { port: ours.port, tls: false }, own });
    await using caller = await OurClient.to(own);
    for (const [name, run] of Object.entries(caller.cases)) await meeting.case(`we call: ${name}`, run);
  },
};

/** All that want no credentials of Google's. */
const rubyCases = [
  ...['empty_unary', 'large_unary', 'client_streaming', 'server_streaming', 'ping_pong', 'empty_stream'],
  ...['timeout_on_sleeping_server', 'cancel_after_begin', 'cancel_after_first_response'],
  ...['status_code_and_message', 'custom_metadata', 'unimplemented_method', 'unimplemented_service'],
  ...['client_compressed_unary', 'client_compressed_streaming'],
];
