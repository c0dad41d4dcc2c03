import { fileURLToPath } from 'node:url';
import type { GoMicroPeer } from '../../../e2e/go-micro-peer.js';
import type { CaseResult, Meeting } from '../../harness/meeting.js';
import { Missing } from '../../harness/missing.js';
import { ran } from '../../harness/program.js';

/**
 * The two find each other by mDNS. go-micro speaks on every interface there is, and on port 5353 alone: so it happens in a network
 * namespace that has but a loopback, of which nobody else hears.
 */
export async function findEachOtherByMdns(meeting: Meeting, { program }: GoMicroPeer): Promise<void> {
  const unshare = await meeting.machine.program('unshare', 'util-linux');
  const ip = await meeting.machine.program('ip', 'iproute2');
  // go-micro leaves it to the system from where and whither it speaks to a group.
  const loopback = `${ip} link set lo up multicast on && ${ip} route add 224.0.0.0/4 dev lo src 127.0.0.1`;
  // One of processes too, so that all of them end with the first.
  const namespaces = ['--net', '--pid', '--fork', '--kill-child'];
  const tried = await ran(unshare, [...namespaces, 'sh', '-c', loopback]);
  if (tried.code !== 0) throw new Missing(`no network namespace can be made here: ${tried.complained.trim()}`);
  const ours = [process.execPath, fileURLToPath(new URL('in-namespace.js', import.meta.url))];
  const { code, said, complained } = await ran(
    unshare,
    [...namespaces, 'sh', '-c', `${loopback} && exec "$@"`, 'sh', ...ours],
    { env: { GO_MICRO_PEER: program }, limitMs: 240_000 },
  );
  for (const line of said.split('\n').filter((text) => text !== '')) meeting.record(JSON.parse(line) as CaseResult);
  if (code !== 0) throw new Error(`our side of the meeting by mDNS ended with ${code}: ${complained}`);
}
