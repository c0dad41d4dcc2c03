import { noMetadata } from '@tenon/contract';
import { expect, test } from 'vitest';
import { MetadataFields } from './metadata-fields.js';

function added(to: MetadataFields, metadata: Readonly<Record<string, string>>): readonly string[] {
  const fields = ['before', '1'];
  to.add(fields, metadata);
  return fields.slice(2);
}

test('each object becomes its own fields, however they take turns', () => {
  const metadata = new MetadataFields();
  const one = Object.freeze({ 'x-a': '1', 'x-b': ' 2' });
  const two = Object.freeze({ 'x-a': '3' });
  for (const given of [one, one, two, one, noMetadata, one, two, two]) {
    const expected = given === one ? ['x-a', '1', 'x-b', '%202', 'tenon-encoded', 'x-b'] : Object.entries(given).flat();
    expect(added(metadata, given)).toEqual(expected);
  }
});

test('one that is not frozen may change from call to call', () => {
  const metadata = new MetadataFields();
  const changing: Record<string, string> = { 'x-a': '1' };
  expect(added(metadata, changing)).toEqual(['x-a', '1']);
  changing['x-a'] = '2';
  expect(added(metadata, changing)).toEqual(['x-a', '2']);
});

test('what no header may say is refused each time, and what was known stays known', () => {
  const metadata = new MetadataFields();
  const good = Object.freeze({ 'x-a': '1' });
  const bad = Object.freeze({ 'x-a': '1\r\nx-b: 2' });
  expect(added(metadata, good)).toEqual(['x-a', '1']);
  for (let time = 0; time < 2; time += 1) {
    expect(() => added(metadata, bad)).toThrow(expect.objectContaining({ code: 'InvalidArgument', executed: 'no' }));
  }
  expect(added(metadata, good)).toEqual(['x-a', '1']);
});
