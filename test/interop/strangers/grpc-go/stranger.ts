import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../../chaos/lab/free-port.js';
import { type CaseServer, clientCases } from '../../grpc/client-cases.js';
import { OurClient } from '../../grpc/our-client.js';
import { servedTestService } from '../../grpc/served-test-service.js';
import { accepts } from '../../harness/accepts.js';
import { pinnedModule } from '../../harness/pinned-module.js';
import { saidBy } from '../../harness/program.js';
import { ServerProgram } from '../../harness/server-program.js';
import type { Stranger } from '../../harness/stranger.js';
import { certificate } from '../../tenon/served.js';

/** grpc-go's interoperability client, and its server: the yardstick for us, and who we call. */
export const grpcGo: Stranger = {
  direction: 'both ways',
  async meet(meeting) {
    const { machine, folder } = meeting;
    const client = await machine.go(folder, 'google.golang.org/grpc/interop/client');
    const server = await machine.go(folder, 'google.golang.org/grpc/interop/server');
    meeting.version = pinnedModule(folder, 'google.golang.org/grpc');
    const { cert, key, ca } = certificate();
    const put = (name: string, { port, tls }: CaseServer): Promise<string> =>
      saidBy(client, ['-server_host=127.0.0.1', `-server_port=${port}`, `-test_case=${name}`, ...security(tls, ca)]);
    for (const tls of [false, true]) {
      await using ours = await servedTestService(tls ? { cert, key } : undefined);
      const port = await freePort();
      const files = { cert: new URL('server.pem', ca), key: new URL('server-key.pem', ca) };
      const secret = [
        '-use_tls',
        `-tls_cert_file=${fileURLToPath(files.cert)}`,
        `-tls_key_file=${fileURLToPath(files.key)}`,
      ];
      await using _own = await ServerProgram.started(server, [`-port=${port}`, ...(tls ? secret : [])], () =>
        accepts(port),
      );
      await clientCases(meeting, {
        way: tls ? 'under TLS' : 'in the clear',
        names: goCases,
        put,
        ours: { port: ours.port, tls },
        own: { port, tls },
      });
      await using caller = await OurClient.to({ port, tls }, tls ? { ca: readFileSync(ca, 'utf8') } : undefined);
      for (const [name, run] of Object.entries(caller.cases)) {
        await meeting.case(`${tls ? 'under TLS' : 'in the clear'}, we call: ${name}`, run);
      }
    }
  },
};

function security(tls: boolean, ca: URL): readonly string[] {
  if (!tls) return ['-use_tls=false'];
  return ['-use_tls=true', '-use_test_ca=true', `-ca_file=${fileURLToPath(ca)}`, '-server_host_override=localhost'];
}

/** All that want neither Google's credentials nor its load reports. */
const goCases = [
  ...['empty_unary', 'large_unary', 'client_streaming', 'server_streaming', 'ping_pong', 'empty_stream'],
  ...['timeout_on_sleeping_server', 'cancel_after_begin', 'cancel_after_first_response'],
  ...['status_code_and_message', 'special_status_message', 'custom_metadata'],
  ...['unimplemented_method', 'unimplemented_service', 'rpc_soak', 'channel_soak'],
];
