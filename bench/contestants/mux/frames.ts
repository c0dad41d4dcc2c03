/**
 * A frame of the floor: u32 length of the body, u32 endpoint, u32 id of the call, body; then up to the next multiple of
 * eight, because msgpackr starts each message there.
 */
export const headerBytes = 12;

/** What is told of each frame: the body lies at `start` to `end` of the buffer, which is valid during the call only. */
export type FrameListener = (endpoint: number, id: number, buffer: Buffer, start: number, end: number) => void;

/** Walks the frames of a byte stream where they lie, and copies only what a chunk ends in the middle of. */
export class FrameParser {
  #tail: Buffer | undefined;

  constructor(private readonly listener: FrameListener) {}

  push(arrived: Buffer): void {
    const chunk = this.#tail === undefined ? arrived : Buffer.concat([this.#tail, arrived]);
    let at = 0;
    while (at + headerBytes <= chunk.length) {
      const end = at + headerBytes + chunk.readUInt32LE(at);
      const next = paddedEnd(at, end);
      if (next > chunk.length) break;
      this.listener(chunk.readUInt32LE(at + 4), chunk.readUInt32LE(at + 8), chunk, at + headerBytes, end);
      at = next;
    }
    this.#tail = at === chunk.length ? undefined : chunk.subarray(at);
  }
}

/** Where the frame after one that begins at `start` begins. */
export function paddedEnd(start: number, end: number): number {
  return start + ((end - start + 7) & ~7);
}
