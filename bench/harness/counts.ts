import type { Figures } from '../child/figures.js';

/**
 * Whether every part of the framework ran for every call of the window: says what did not. Parts whose names start with
 * `handled` come after the check of the request, so they see what it let through.
 */
export function unequalCounts({ checked }: Figures): string | undefined {
  if (checked === undefined) return undefined;
  const { calls, refused, parts } = checked;
  if (calls >= 2_000 && refused === 0) return `none of ${calls} calls was an invalid one`;
  const wrong = Object.entries(parts)
    .map(([part, ran]) => ({ part, ran, expected: part.startsWith('handled') ? calls - refused : calls }))
    .filter(({ ran, expected }) => ran !== expected)
    .map(({ part, ran, expected }) => `${part} ran ${ran} times for ${expected} calls`);
  return wrong.length === 0 ? undefined : wrong.join('; ');
}
