/// <reference path="./msgpackr-unpack-no-eval.d.ts" />
// This build of msgpackr contains no `new Function`, loads no native addon and shares no state with a copy of msgpackr
// that the application may use, whose extensions are global.

import { type Decoder, ServiceError } from '@tenon/contract';
import { Unpackr } from 'msgpackr/unpack-no-eval';
import { doubleByteOrderMarks } from './byte-order-mark.js';
import { MessageScan, type ScanLimits } from './message-scan.js';

/** Reads values by msgpackr, after {@link MessageScan} has found nothing in the bytes that it would stumble over. */
export function msgpackDecoder(limits: ScanLimits): Decoder {
  const scan = new MessageScan(limits);
  const unpackr = new Unpackr({
    useRecords: false,
    mapsAsObjects: true,
    structuredClone: false,
    copyBuffers: true,
    int64AsType: 'auto',
  });
  const scratch = new Uint8Array(scratchBytes);
  const range = { start: 0, end: 0 };

  return (buffer, start, end) => {
    const marked = scan.check(buffer, start, end);
    try {
      if (marked !== undefined) return unpackr.unpack(doubleByteOrderMarks(buffer, start, end, marked));
      const bytes = end - start;
      if (bytes > scratchBytes) return unpackView(unpackr, buffer, start, bytes);
      // Small messages are copied: that is cheaper than the two views msgpackr would need on each.
      for (let index = 0; index < bytes; index += 1) scratch[index] = buffer[start + index] as number;
      range.end = bytes;
      return unpackr.unpack(scratch, range);
    } catch (thrown) {
      throw new ServiceError('InvalidArgument', 'unreadable MessagePack', { executed: 'no', cause: thrown });
    }
  };
}

/** Unpacks in place. The view is a plain `Uint8Array`, so that bytes in the value are that too, and not `Buffer`s. */
function unpackView(unpackr: Unpackr, buffer: Uint8Array, start: number, bytes: number): unknown {
  const value = unpackr.unpack(new Uint8Array(buffer.buffer, buffer.byteOffset + start, bytes));
  // msgpackr remembers the last source it read; this makes it forget the caller's.
  unpackr.unpack(new Uint8Array(nil));
  return value;
}

const scratchBytes = 256;
const nil = [0xc0] as const;
