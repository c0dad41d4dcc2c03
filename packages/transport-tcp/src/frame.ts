// The numbers of `docs/wire/tenon-1.md`, which explains them.

/** Length, type and id, before each payload. */
export const frameHeaderBytes = 8;
export const maxFramePayloadBytes = 65_536;

/** Length, its check and the checksum, before the frames of a segment. */
export const segmentHeaderBytes = 8;
export const maxSegmentBodyBytes = 131_072;
/** What the bytes of a segment's length are combined with, so that a run of zeros is no segment. */
export const segmentLengthCheck = 0x5a;

/** Whoever does not know the type may ignore the frame. */
export const optionalFlag = 0x80;
/** The message in this frame goes on in a later one. */
export const moreFlag = 0x40;

export const helloFrame = 0x01;
export const welcomeFrame = 0x02;
export const goAwayFrame = 0x03;
export const pingFrame = 0x04;
export const pongFrame = 0x05;
export const nameFrame = 0x06;
export const learnFrame = 0x07;
export const callFrame = 0x10;
export const headFrame = 0x11;
export const dataFrame = 0x12;
export const endFrame = 0x13;
export const replyFrame = 0x14;
export const errorFrame = 0x15;
export const cancelFrame = 0x16;
export const stopFrame = 0x17;
export const creditFrame = 0x18;
export const restFrame = 0x19;

/** The first byte of a NAME's payload. */
export const namedEndpoint = 0x00;
export const namedKey = 0x01;

/** How many endpoints and metadata keys each side may name on one connection. */
export const maxNamedEndpoints = 4_096;
export const maxNamedKeys = 255;
export const maxNameBytes = 256;

/** Credit beyond this cannot be meant. */
export const maxCreditBytes = 2 ** 31 - 1;

/** The slot of a call is the low half of its id, the turn of that slot the high half. */
export function callId(turn: number, slot: number): number {
  // Signed, so that every id is a small integer to the engine.
  return (turn << 16) | slot;
}

export function slotOf(id: number): number {
  return id & 0xffff;
}

export function turnOf(id: number): number {
  return id >>> 16;
}

/** The turn that a slot has after another: from 1 to 65,535 and then 1 again, so that no call has the id 0. */
export function turnAfter(turn: number | undefined): number {
  return turn === undefined || turn === 0xffff ? 1 : turn + 1;
}
