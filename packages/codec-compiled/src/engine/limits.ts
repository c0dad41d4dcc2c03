/** Records, arrays and maps inside one another. */
export const maxDepth = 64;
/** What a message holds in all: items, entries, and of each record itself and every field of its class. */
export const maxElements = 1_000_000;
/** The first and last moment of a `Date`, in milliseconds from 1970. */
export const maxEpochMs = 8_640_000_000_000_000;
