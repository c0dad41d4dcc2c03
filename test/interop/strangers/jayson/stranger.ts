import { casesOfScript } from '../../harness/cases-of-script.js';
import type { Stranger } from '../../harness/stranger.js';
import { served } from '../../tenon/served.js';

/** A client of JSON-RPC over HTTP. */
export const jayson: Stranger = {
  direction: 'calls us',
  async meet(meeting) {
    await meeting.machine.npm(meeting.folder);
    await using ours = await served();
    await casesOfScript(meeting, 'client.mjs', [String(ours.port)]);
  },
};
