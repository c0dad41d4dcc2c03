import { casesOfScript } from '../../harness/cases-of-script.js';
import type { Stranger } from '../../harness/stranger.js';
import { served } from '../../tenon/served.js';

/** A client of JSON-RPC 2.0 that leaves HTTP to its user, here to fetch. */
export const jsonRpc2: Stranger = {
  direction: 'calls us',
  async meet(meeting) {
    await meeting.machine.npm(meeting.folder);
    await using ours = await served();
    await casesOfScript(meeting, 'client.mjs', [String(ours.port)]);
  },
};
