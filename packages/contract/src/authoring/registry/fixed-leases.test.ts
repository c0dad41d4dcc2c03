import { describe, expect, test } from 'vitest';
import type { ServiceRecord } from '../../service-record.js';
import { FixedLeases } from './fixed-leases.js';

function recordOf(address: string, id = 'n1'): ServiceRecord {
  return { name: 'greeter', version: '1', metadata: {}, endpoints: [], nodes: [{ id, address, metadata: {} }] };
}

const listed = () => [recordOf('Host-1:8080', 'other-id')];

describe('a registry that cannot be written to', () => {
  test('takes a node whose address is listed, whatever its id and the capitals', async () => {
    const leases = new FixedLeases('aList');
    expect((await leases.register(recordOf('host-1:8080'), 15_000, listed)).state).toBe('held');
  });

  test('refuses one that nobody would find, and says what to do', async () => {
    const leases = new FixedLeases('aList');
    await expect(leases.register(recordOf('host-2:8080'), 15_000, listed)).rejects.toMatchObject({
      code: 'FailedPrecondition',
      executed: 'no',
      message: expect.stringMatching(
        /aList .* no node of "greeter" at host-2:8080; list it there, .* registrations: "any"/,
      ),
    });
  });

  test('takes every node where somebody else lists them, and does not look', async () => {
    const leases = new FixedLeases('aList', 'any');
    const never = () => {
      throw new Error('asked');
    };
    expect((await leases.register(recordOf('host-2:8080'), 15_000, never)).state).toBe('held');
  });

  test('refuses what is no registration, and a word that it does not know', async () => {
    const leases = new FixedLeases('aList', 'any');
    const none = { ...recordOf('a:1'), nodes: [] };
    await expect(leases.register(none, 15_000, listed)).rejects.toMatchObject({ code: 'InvalidArgument' });
    await expect(leases.register(recordOf('a:1'), 1, listed)).rejects.toMatchObject({ code: 'InvalidArgument' });
    expect(() => new FixedLeases('aList', 'all' as never)).toThrow('aList.registrations is "all"');
  });

  test('has one lease for each node: a later one releases the earlier one, close() all', async () => {
    const leases = new FixedLeases('aList', 'any');
    const earlier = await leases.register(recordOf('a:1'), 15_000, listed);
    const later = await leases.register(recordOf('a:2'), 15_000, listed);
    expect([earlier.state, later.state]).toEqual(['released', 'held']);
    await earlier.release();
    expect(later.state).toBe('held');
    await leases.close();
    expect(later.state).toBe('released');
  });
});
