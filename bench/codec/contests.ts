import assert from 'node:assert/strict';
import { Built } from '@tenon/contract';
import { compileDto } from '@tenon/validator-class';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { RecordsMessage } from '../contestants/tenon/echo.js';
import type { Contest } from '../harness/side-by-side.js';
import { requests } from '../workload/payloads.js';
import { LinkedCodec } from './linked-codec.js';
import { protobufMessage } from './protobuf-message.js';

const medium = requests.medium;
const { plan } = compileDto(RecordsMessage);
if (plan === undefined) throw new Error('RecordsMessage has no plan: nothing would be built while it is read');
const { bytes, decode } = new LinkedCodec().agreed(RecordsMessage, plan, medium);

/** Bytes of the medium message on a connection that knows its class. */
export const mediumBytes = bytes.length;

const json = Buffer.from(JSON.stringify(medium));
const protobuf = protobufMessage();
const protobufBytes = protobuf.encode(protobuf.fromObject(medium)).finish();

/** Reading, checking and building 20 records at once, against others that do a part of it. */
export const contests: readonly Contest[] = [
  contest('20 records, against class-transformer and class-validator on decoded values', 50, () => {
    const instance = plainToInstance(RecordsMessage, medium);
    if (validateSync(instance).length > 0) throw new Error('the records are valid');
    return instance;
  }),
  contest('20 records, against JSON.parse alone', 4, () => JSON.parse(json.toString('utf8'))),
  contest('20 records, against protobufjs alone', 2, () => protobuf.decode(protobufBytes)),
];

function contest(name: string, bar: number, theirs: () => unknown): Contest {
  return {
    name,
    bar,
    ours: built,
    theirs,
    verify: () => {
      const ours = built();
      assert.ok(ours instanceof RecordsMessage);
      assert.deepEqual(ours, plainToInstance(RecordsMessage, medium));
      assert.deepEqual(JSON.parse(JSON.stringify(theirs())), JSON.parse(JSON.stringify(medium)));
    },
  };
}

function built(): object {
  const value = decode(bytes, 0, bytes.length);
  if (value instanceof Built) return value.value;
  throw new Error('the records were not built while they were read');
}
