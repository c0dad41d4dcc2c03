import { ServiceError } from '@tenon/contract';
import { ProtocolViolation } from './protocol-violation.js';

/** Reads a CREDIT frame's payload. @throws ProtocolViolation */
export function readCredit(buffer: Buffer, start: number, end: number): number {
  if (end - start !== 4) throw new ProtocolViolation('a CREDIT that has not four bytes');
  return buffer.readUInt32BE(start);
}

/** Reads a CANCEL frame's payload, as the reason that handlers are told. @throws ProtocolViolation */
export function readCancel(buffer: Buffer, start: number, end: number): ServiceError {
  if (end - start !== 1) throw new ProtocolViolation('a CANCEL that has not one byte');
  return buffer[start] === timeRanOut
    ? new ServiceError('DeadlineExceeded', 'the time of the caller ran out')
    : new ServiceError('Canceled', 'the caller gave up');
}

/** @throws ProtocolViolation where the payload of a frame that has none is not empty. */
export function empty(start: number, end: number): void {
  if (end !== start) throw new ProtocolViolation('a payload where there is none');
}

/** The codes of CANCEL. */
export const callerGaveUp = 1;
export const timeRanOut = 4;
