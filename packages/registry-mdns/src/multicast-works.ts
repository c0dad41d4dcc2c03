import { randomUUID } from 'node:crypto';
import { checkedNumber, Pause, systemClock } from '@tenon/contract/authoring';
import { Link } from './link.js';
import { type MdnsOptions, resolveMdnsOptions } from './mdns-options.js';
import { chosenAddresses, type Network, systemNetwork } from './network.js';

/** Where to look, and for how long. */
export interface MulticastWorksOptions extends Pick<MdnsOptions, 'interfaces' | 'port'> {
  /** How long to wait for the own packet, in milliseconds, 20 to 10,000. Default 500. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Whether multicast works where a registry of these options would speak: a packet to the group must come back on one interface at
 * least. It does not where no interface can join a group, and in many containers and virtual networks. Takes no longer than `timeoutMs`, a
 * few milliseconds where it works; leaves nothing open.
 *
 * @throws ServiceError `InvalidArgument`, naming the option, its value and its range.
 */
export function multicastWorks(options: MulticastWorksOptions = {}): Promise<boolean> {
  return comesBack(options, systemNetwork());
}

/** The same on a given network. */
export async function comesBack(options: MulticastWorksOptions, network: Network): Promise<boolean> {
  const { interfaces, port } = resolveMdnsOptions(options);
  const timeoutMs = checkedNumber('multicastWorks.timeoutMs', options.timeoutMs, {
    min: 20,
    max: 10_000,
    fallback: 500,
  });
  const name = `${randomUUID()}._multicast-works.micro`;
  const pause = new Pause(systemClock());
  let works = false;
  const listener = {
    onQuery: (_link: Link, packet: { readonly questions?: readonly { readonly name: string }[] }) => {
      if (packet.questions?.[0]?.name !== name) return;
      works = true;
      pause.wake();
    },
    onResponse: () => {},
  };
  const opening = chosenAddresses(network, interfaces).map((at) => Link.open(at, { network, port, listener }));
  const links = (await Promise.allSettled(opening)).flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const waiting = links.length === 0 ? undefined : pause.for(timeoutMs);
  const asked = links.map((link) => link.multicast('query', { questions: [{ name, type: 'PTR' }] }).catch(() => {}));
  await Promise.all([waiting, ...asked]);
  await Promise.all(links.map((link) => link.close()));
  return works;
}
