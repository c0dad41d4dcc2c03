import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeProto } from '../../grpc/derived-proto.js';
import { OurClient } from '../../grpc/our-client.js';
import { servedTestService } from '../../grpc/served-test-service.js';
import { casesOfScript } from '../../harness/cases-of-script.js';
import { ServerProgram } from '../../harness/server-program.js';
import type { Stranger } from '../../harness/stranger.js';
import { certificate } from '../../tenon/served.js';

/** grpc-js, client and server, by the `.proto` that is derived from our class. */
export const grpcJs: Stranger = {
  direction: 'both ways',
  async meet(meeting) {
    await meeting.machine.npm(meeting.folder);
    const folder = mkdtempSync(join(tmpdir(), 'tenon-grpc-js-'));
    try {
      const proto = writeProto(folder);
      const { cert, key, ca } = certificate();
      await using clear = await servedTestService();
      await using secret = await servedTestService({ cert, key });
      await casesOfScript(meeting, 'client.mjs', [proto, String(clear.port)]);
      await casesOfScript(meeting, 'client.mjs', [proto, String(secret.port), fileURLToPath(ca)]);
      await using server = await ServerProgram.started(
        process.execPath,
        [join(meeting.folder, 'server.mjs'), proto],
        (said) => said.endsWith('\n'),
      );
      await using caller = await OurClient.to({ port: Number(server.said), tls: false });
      for (const [name, run] of Object.entries(caller.cases)) await meeting.case(`we call: ${name}`, run);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};
