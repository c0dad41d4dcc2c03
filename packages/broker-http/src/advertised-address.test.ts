import type { RegistryCapabilities } from '@tenon/contract';
import { describe, expect, it } from 'vitest';
import { LogLines } from '../test/log-lines.js';
import { advertisedAddress } from './advertised-address.js';

const network = { reach: 'network' } as RegistryCapabilities;
const machine = { reach: 'machine' } as RegistryCapabilities;

describe('the advertised address', () => {
  it('is what was told, with the port where only a host was', () => {
    const listen = { host: '0.0.0.0', port: 0 };
    const log = new LogLines();
    expect(advertisedAddress({ listen, advertise: { host: 'a', port: 80 } }, 9, network, log)).toBe('a:80');
    expect(advertisedAddress({ listen, advertise: { host: '::1', port: undefined } }, 9, machine, log)).toBe('[::1]:9');
    expect(log.lines).toEqual([]);
  });

  it('warns of loopback where other machines read it', () => {
    const listen = { host: '127.0.0.1', port: 0 };
    for (const [capabilities, warnings] of [
      [network, 1],
      [machine, 0],
      [{}, 1],
    ] as const) {
      const log = new LogLines();
      expect(advertisedAddress({ listen, advertise: undefined }, 9, capabilities as never, log)).toBe('127.0.0.1:9');
      expect(log.at('warn', 'loopback')).toHaveLength(warnings);
    }
  });
});
