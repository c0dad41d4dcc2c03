import { mediaType } from '@tenon/contract/authoring';

/**
 * The media type that an `Accept` field asks for, of those that `isBound` knows: the one with the highest quality, the
 * first among equals. Undefined where it asks for nothing that is bound, or for whatever there is.
 */
export function acceptedType(accept: string | undefined, isBound: (type: string) => boolean): string | undefined {
  if (accept === undefined) return undefined;
  let best: string | undefined;
  let bestQuality = 0;
  for (const item of accept.split(',', maxItems)) {
    const quality = qualityOf(item);
    if (quality <= bestQuality) continue;
    const type = mediaType(item);
    if (!type.endsWith('/*') && !isBound(type)) continue;
    best = type.endsWith('/*') ? undefined : type;
    bestQuality = quality;
  }
  return best;
}

function qualityOf(item: string): number {
  const parameter = /;\s*q=([\d.]+)/i.exec(item);
  return parameter === null ? 1 : Number(parameter[1]) || 0;
}

/** A longer list than this is not a preference. */
const maxItems = 32;
