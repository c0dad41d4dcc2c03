import type { Codec, CodecLink, CodecSession } from '../codec.js';
import { ServiceError } from '../service-error.js';

/**
 * Opens a session of a codec, together with one of the codec that it is over, where it is over one.
 *
 * @param codecs - all that are bound, in order of binding.
 * @throws ServiceError `FailedPrecondition` that names the codec that is missing.
 */
export function openSession(codec: Codec, codecs: Iterable<Codec>, link: CodecLink = {}): CodecSession {
  if (codec.over === undefined) return codec.open(link);
  let under: Codec | undefined;
  for (const one of codecs) if (one.contentType === codec.over) under = one;
  if (under !== undefined) return codec.open({ ...link, plain: openSession(under, codecs, link) });
  throw new ServiceError(
    'FailedPrecondition',
    `the codec for ${codec.contentType} carries what it has no schema for as ${codec.over}, and no codec is bound for that: add one to modules`,
    { executed: 'no' },
  );
}
