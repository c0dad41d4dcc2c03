/**
 * What two linked sessions may agree on. Both sides hold to it: a peer that goes beyond is refused.
 *
 * A connection then never keeps more than half a megabyte of names, however many its peer sends.
 */
export const structureLimits = Object.freeze({
  /** Structures in each direction of a connection. */
  maxStructures: 64,
  /** Names in a structure. */
  maxNames: 256,
  /** UTF-8 bytes of all names of a structure. */
  maxNameBytes: 8_192,
});

/** An announcement of all that is allowed, with the longest header for each name. */
export const maxAnnouncementBytes =
  16 + structureLimits.maxStructures * (3 + structureLimits.maxNameBytes + structureLimits.maxNames * 3);
/** The array, its first number, and each list with its names. */
export const maxAnnouncementElements = 2 + structureLimits.maxStructures * (1 + structureLimits.maxNames);

/** The reserved byte of MessagePack, with which a structure or an absent field begins. */
export const reserved = 0xc1;
/** Behind {@link reserved}, in the place of a field's value: the record has no such field. */
export const absent = 0xc1;
