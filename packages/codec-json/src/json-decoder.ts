import { type Decoder, ServiceError } from '@tenon/contract';
import { malformedAt } from './malformed-at.js';

/**
 * Reads JSON text. A key named `__proto__` becomes an own data property, as `JSON.parse` makes it; it reaches a
 * prototype only in code that later assigns it to another object, which nothing in Tenon does.
 */
export function jsonDecoder(maxDepth: number): Decoder {
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  return (buffer, start, end) => {
    if (start >= end) throw refusal('the JSON text is empty');
    checkDepth(buffer, start, end, maxDepth);
    let text: string;
    try {
      text = utf8.decode(buffer.subarray(start, end));
    } catch {
      throw refusal('the JSON text is not valid UTF-8');
    }
    try {
      return JSON.parse(text);
    } catch {
      // The engine's own message repeats part of the text, which may be a secret; the place is found without it.
      throw refusal(`malformed JSON at byte ${malformedAt(buffer, start, end) - start} of ${end - start}`);
    }
  };
}

/**
 * Refuses deep nesting before anything is allocated. It tells strings from structure as the parser does, so up to the
 * first malformed byte both count the same depth, and behind it the parser does not go.
 */
function checkDepth(buffer: Uint8Array, start: number, end: number, maxDepth: number): void {
  let depth = 0;
  for (let at = start; at < end; at += 1) {
    switch (buffer[at]) {
      case quote:
        at = endOfString(buffer, at + 1, end);
        break;
      case openBrace:
      case openBracket:
        depth += 1;
        if (depth > maxDepth) {
          throw refusal(`the JSON text is nested more than ${maxDepth} deep at byte ${at - start}`);
        }
        break;
      case closeBrace:
      case closeBracket:
        depth -= 1;
        break;
    }
  }
}

function endOfString(buffer: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && buffer[at] !== quote) at += buffer[at] === backslash ? 2 : 1;
  return at;
}

function refusal(message: string): ServiceError {
  return new ServiceError('InvalidArgument', message, { executed: 'no' });
}

const quote = 0x22;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;
