import { expect, test } from 'vitest';
import { hashOf, readApplication, readApplications } from './applications.js';

test('lists of one and of none are read in each form that servers write', () => {
  const one = { instanceId: 'a' };
  const read = (application: unknown) => readApplications({ applications: { apps__hashcode: 'UP_1_', application } });
  expect(read([{ name: 'A', instance: [one] }])).toEqual({ instances: [one], hash: 'UP_1_' });
  expect(read({ name: 'A', instance: one }).instances).toEqual([one]);
  expect(read([{ name: 'A', instance: one }, { name: 'B' }, null]).instances).toEqual([one]);
  for (const nothing of [[], null, undefined]) expect(read(nothing).instances).toEqual([]);
  expect(readApplication({ application: { name: 'A', instance: [one, null, 7] } })).toEqual([one]);
});

test.each([null, 7, [], {}, { applications: 'x' }])('%j is no list of applications', (value) => {
  expect(() => readApplications(value)).toThrow(expect.objectContaining({ code: 'Unavailable' }));
});

test('the hash counts statuses in the order of their names', () => {
  expect(hashOf([{ status: 'UP' }, { status: 'DOWN' }, { status: 'UP' }])).toBe('DOWN_1_UP_2_');
  expect(hashOf([])).toBe('');
});
