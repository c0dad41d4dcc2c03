/**
 * Sends one request and tells what comes: the head, then each piece of the body as it arrives.
 *
 * @param {{ url: URL, fields: Headers, body: string, signal: AbortSignal }} request
 * @param {{ head: (status: string, fields: Headers) => void, piece: (text: string) => void }} told
 */
export async function send({ url, fields, body, signal }, told) {
  const reply = await fetch(url, { method: 'POST', headers: fields, body, signal, credentials: 'same-origin' });
  told.head(`${reply.status} ${reply.statusText}`.trim(), reply.headers);
  if (reply.body === null) return;
  const decoder = new TextDecoder();
  const reader = reply.body.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read())
    told.piece(decoder.decode(next.value, { stream: true }));
  told.piece(decoder.decode());
}

/**
 * The header fields in a text, one on each line.
 *
 * @param {string} text
 * @returns {Headers}
 * @throws {TypeError} that tells the line
 */
export function fieldsIn(text) {
  const fields = new Headers();
  for (const line of text.split('\n').filter((one) => one.trim() !== '')) {
    const colon = line.indexOf(':');
    if (colon < 1) throw new TypeError(`"${line}" is no header field: write name: value`);
    fields.append(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  return fields;
}

/**
 * A reply as it is easiest to read.
 *
 * @param {string} text
 */
export function readable(text) {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}
