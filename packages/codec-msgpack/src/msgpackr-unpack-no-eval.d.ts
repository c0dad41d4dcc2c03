/** msgpackr ships no types for this build; these are the parts that are used here. */
declare module 'msgpackr/unpack-no-eval' {
  export class Unpackr {
    constructor(options: {
      readonly useRecords: false;
      readonly mapsAsObjects: true;
      readonly structuredClone: false;
      readonly copyBuffers: true;
      readonly int64AsType: 'auto';
    });
    unpack(source: Uint8Array, range?: { readonly start: number; readonly end: number }): unknown;
  }
}
