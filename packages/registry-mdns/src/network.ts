import { createSocket, type Socket } from 'node:dgram';
import { BlockList, isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** One IPv4 address of this machine. */
export interface InterfaceAddress {
  readonly name: string;
  readonly address: string;
  /** `10.1.2.3/24`. */
  readonly subnet: string;
}

/** What the registry has of the machine. */
export interface Network {
  /** The addresses of interfaces that are up. */
  addresses(): readonly InterfaceAddress[];
  createSocket(): Socket;
}

/** The network of this machine. */
export function systemNetwork(): Network {
  return {
    addresses: () =>
      Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
        (addresses ?? []).flatMap(({ family, address, cidr }) =>
          family === 'IPv4' ? [{ name, address, subnet: cidr ?? `${address}/32` }] : [],
        ),
      ),
    createSocket: () => createSocket({ type: 'udp4', reuseAddr: true }),
  };
}

/**
 * The addresses to speak from: of the interfaces that are up, those that were asked for, by name, by address, or `all`. An address
 * of the loopback network need not be one of the interface's own.
 */
export function chosenAddresses(network: Network, wanted: readonly string[] | 'all'): readonly InterfaceAddress[] {
  const present = network.addresses();
  if (wanted === 'all') return present;
  return wanted.flatMap((one) => {
    if (!isIPv4(one)) return present.filter(({ name }) => name === one).slice(0, 1);
    const own = present.find(({ address }) => address === one);
    const around = own ?? present.find(({ subnet }) => isLoopback(one) && isWithin(subnet, one));
    return around === undefined ? [] : [{ ...around, address: one }];
  });
}

export function isLoopback(address: string): boolean {
  return address.startsWith('127.');
}

/** Whether `address` is in a subnet such as `10.1.2.3/24`. */
export function isWithin(subnet: string, address: string): boolean {
  const [net = '', bits = '32'] = subnet.split('/');
  const list = new BlockList();
  list.addSubnet(net, Number(bits));
  return list.check(address);
}
