import { readFileSync } from 'node:fs';
import type { OutgoingHttpHeaders } from 'node:http2';
import { callMetadata } from '@tenon/contract';
import { expect, test } from 'vitest';
import { addMetadata, reservedFields } from '../src/wire/metadata-fields.js';
import { framed } from './raw-http2.js';

const page = readFileSync(new URL('../../../docs/wire/grpc.md', import.meta.url), 'utf8');
const section = (name: string): string => page.split(`## ${name}\n`)[1]?.split('\n## ')[0] ?? '';

test('the page names every field that is no metadata, and every exception', () => {
  const [first = '', second = ''] = section('Metadata').split('Beside them');
  const named = [...first.matchAll(/`([a-z0-9:-]+)`/g)].map(([, name]) => name);
  expect(named.sort()).toEqual([...reservedFields.prefixes, ...reservedFields.names].sort());
  for (const name of Object.values(callMetadata)) expect(second).toContain(`\`${name}\``);
});

test('the example of a message is one', () => {
  const [, hex = ''] = /```hex\n([\s\S]*?)```/.exec(page) ?? [];
  expect(Buffer.from(hex.replace(/\s/g, ''), 'hex')).toEqual(framed('{"name":"Ada"}'));
});

test('the example of metadata in a rest is what is sent', () => {
  const [, json = '', encoded = ''] = /`(\{"x-name":[^`]+)` is `([^`]+)`/.exec(page) ?? [];
  const fields: OutgoingHttpHeaders = {};
  addMetadata(fields, JSON.parse(json) as Record<string, string>);
  expect(fields).toEqual({ 'tenon-metadata-bin': encoded });
});
