import { mdnsRegistry, multicastWorks } from '@tenon/registry-mdns';
import { GoMicroPeer } from '../../../e2e/go-micro-peer.js';
import { resultOf } from '../../harness/meeting.js';
import { Missing } from '../../harness/missing.js';
import { findEachOther } from './find-each-other.js';

// Our side of the meeting by mDNS, a process of its own in the namespace where it takes place. Says each case in a line of JSON.

const peer = await GoMicroPeer.found();
if (typeof peer === 'string') throw new Error(peer);
const loopback = { interfaces: ['127.0.0.1'] };
const meeting = {
  case: async (name: string, run: () => unknown): Promise<void> => {
    process.stdout.write(`${JSON.stringify(await resultOf(name, run))}\n`);
  },
};
if (await multicastWorks(loopback)) {
  await findEachOther(meeting, peer, {
    name: 'mDNS',
    flags: ['-registry', 'mdns'],
    module: () => mdnsRegistry(loopback),
  });
} else {
  await meeting.case('mDNS', () => {
    throw new Missing('multicast does not work in a network namespace of this machine');
  });
}
