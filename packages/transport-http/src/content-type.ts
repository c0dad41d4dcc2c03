import { ServiceError } from '@tenon/contract';

/**
 * A media type as a caller named it, with nothing in it that a header field cannot say.
 *
 * @throws ServiceError `InvalidArgument`, `executed: 'no'`: what splits a header gets no further than here.
 */
export function checkedContentType(contentType: string): string {
  if (/^[\x20-\x7e]{1,256}$/.test(contentType)) return contentType;
  const shown = JSON.stringify(contentType.slice(0, 100));
  throw new ServiceError('InvalidArgument', `content type ${shown} cannot stand in a header field`, {
    executed: 'no',
  });
}
