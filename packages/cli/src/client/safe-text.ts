/**
 * Text of a registry within a file of TypeScript. Whoever may write into the registry says what it is, and must not be able to say
 * anything but text.
 */

/** A string literal. What could end a line, or not be seen, is escaped. */
export function quoted(text: string): string {
  const inner = JSON.stringify(text)
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replaceAll("'", "\\'")
    .replaceAll(unseen, escaped);
  return `'${inner}'`;
}

/** A comment of documentation, each line with the indent before it; nothing where there is nothing to say. */
export function documented(paragraphs: readonly string[], indent = ''): string {
  const lines = paragraphs
    .filter((paragraph) => paragraph !== '')
    .flatMap((paragraph, index) => [...(index === 0 ? [] : ['']), ...paragraph.split(/\r\n?|\n/)])
    .map((line) => line.replaceAll('*/', '*\\/').replaceAll(unseen, ' ').trimEnd());
  if (lines.length === 0) return '';
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join('\n')}\n${indent} */\n`;
}

/** The key of a property or a method: bare where that is the same, and is taken for nothing else. */
export function key(name: string): string {
  return identifier.test(name) && !otherwiseMeant.has(name) ? name : quoted(name);
}

/** A name of a type or a constant from any text: `my-greeter` is `MyGreeter`. */
export function typeName(text: string): string {
  const parts = text.split(/[^\p{L}\p{M}\p{N}_$]+/u).filter((part) => part !== '');
  const name = parts.map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join('');
  return identifier.test(name) ? name : `Type${name}`;
}

/** As ECMAScript and TypeScript have identifiers, but without escapes. */
const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;
/** Before a parenthesis `new` is a constructor's signature. A field of the last name reads as something else than it is. */
const otherwiseMeant: ReadonlySet<string> = new Set(['new', 'constructor', '__proto__']);
/** Control and format characters, line and paragraph separators, halves of characters. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

function escaped(character: string): string {
  const codes = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
  return codes.map((code) => `\\u${code.toString(16).padStart(4, '0')}`).join('');
}
