/** A name as one part of a JSON Pointer in a URI fragment (RFC 6901, 3 and 6): `a/b` is `a~1b`, `é` is `%C3%A9`. */
export function pointerToken(name: string): string {
  return encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'));
}

/** The names in a reference such as `#/$defs/a~1b`; empty for `#`, undefined for one that is no pointer into its own document. */
export function pointerNames(reference: string): readonly string[] | undefined {
  if (reference === '#') return [];
  if (!reference.startsWith('#/')) return undefined;
  try {
    const tokens = decodeURIComponent(reference.slice(2)).split('/');
    return tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
  } catch {
    return undefined;
  }
}
