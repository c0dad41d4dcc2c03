import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { malformedAt } from './malformed-at.js';

describe('malformedAt', () => {
  it('finds nothing in what JSON.parse accepts', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(4), (text, indent) => {
        const spaced = JSON.stringify(JSON.parse(text), undefined, indent);
        const bytes = Buffer.from(spaced);
        expect(malformedAt(bytes, 0, bytes.length)).toBe(bytes.length);
      }),
    );
  });

  it('finds the place that the engine names, wherever it names one', () => {
    let compared = 0;
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.constantFrom(...'{}[],:"\\01-.eEtfn x\n'), (text, at, character) => {
        const ascii = text.replace(/[^ -~]/g, '?');
        const place = at % (ascii.length + 1);
        const damaged = ascii.slice(0, place) + character + ascii.slice(place + 1);
        const enginePlace = placeByEngine(damaged);
        if (enginePlace === undefined) return;
        compared += 1;
        const bytes = Buffer.from(damaged);
        expect(malformedAt(bytes, 0, bytes.length), damaged).toBe(enginePlace);
      }),
      { numRuns: 5_000, seed: 8_259 },
    );
    expect(compared).toBeGreaterThan(200);
  });

  it('finds no place before the damage', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), (text, at) => {
        const bytes = Buffer.from(text);
        const place = at % bytes.length;
        bytes[place] = 0x01;
        const found = malformedAt(bytes, 0, bytes.length);
        expect(found).toBe(place);
      }),
    );
  });

  it('finds the end of what is cut short', () => {
    const text = '{"key":[1.5e+10,-0,true,null,"\\u00e4\\n",{}]}';
    const bytes = Buffer.from(text);
    for (let end = 1; end < bytes.length; end += 1) {
      expect(malformedAt(bytes, 0, end), text.slice(0, end)).toBe(end);
    }
  });
});

/** Some of the engine's messages name a position: those about what stands behind a value. */
function placeByEngine(text: string): number | undefined {
  try {
    JSON.parse(text);
  } catch (thrown) {
    const position = /at position (\d+)/.exec((thrown as Error).message)?.[1];
    return position === undefined ? undefined : Number(position);
  }
  return undefined;
}
