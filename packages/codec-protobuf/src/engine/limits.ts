/** Messages inside one another, and groups of unknown fields, when writing and when reading. */
export const maxDepth = 64;
/**
 * What a message holds in all when it is read: each item of a list, each entry of a map, each message and each field of its
 * class. An empty message takes two bytes on the wire and, with its fields, many times that in memory.
 */
export const maxElements = 1_000_000;
/** The first and last moment of a `google.protobuf.Timestamp`: of the years 1 and 9999. */
export const minEpochMs = -62_135_596_800_000;
export const maxEpochMs = 253_402_300_799_999;
