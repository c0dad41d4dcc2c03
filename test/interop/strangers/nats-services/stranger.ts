import { casesOfScript } from '../../harness/cases-of-script.js';
import type { Stranger } from '../../harness/stranger.js';
import { NatsFleet } from '../../tenon/nats-fleet.js';

/** The stock client of NATS's service protocol: finds two nodes of the greeter by `$SRV`, and calls them. */
export const natsServices: Stranger = {
  direction: 'calls us',
  async meet(meeting) {
    await meeting.machine.npm(meeting.folder);
    await using fleet = await NatsFleet.started(meeting.machine, 2);
    await casesOfScript(meeting, 'client.mjs', [fleet.server.address]);
  },
};
