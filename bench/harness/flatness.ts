import type { Figures, SoakFigures } from '../child/figures.js';
import { median } from './statistics.js';

/**
 * Whether a soak left nothing behind. Memory is flat where the last quarter's median is not above the second quarter's by
 * more than 2 % and half a mebibyte: the first quarter still fills caches and compiles code, and what it does is seen too.
 */
export function flatness(heats: readonly Figures[]): { readonly isMet: boolean; readonly found: string } {
  const soaks = heats.flatMap(({ soak }) => (soak === undefined ? [] : [soak]));
  if (soaks.length === 0) return { isMet: false, found: 'no soak was run' };
  const findings = soaks.map((soak) => {
    const [client, server] = [growth(soak, 'clientBytes'), growth(soak, 'serverBytes')];
    const left = leftOf(soak.clientResources) + leftOf(soak.serverResources);
    const found = `client ${client.text}, server ${server.text}, ${left} handles left`;
    return { isMet: client.isFlat && server.isFlat && left === 0, found };
  });
  return { isMet: findings.every(({ isMet }) => isMet), found: findings.map(({ found }) => found).join('; ') };
}

function growth({ samples }: SoakFigures, side: 'clientBytes' | 'serverBytes') {
  const quarter = (which: number): number => {
    const size = samples.length / 4;
    return median(
      samples.slice(Math.floor((which - 1) * size), Math.floor(which * size)).map((sample) => sample[side]),
    );
  };
  const [early, late] = [quarter(2), quarter(4)];
  const text = `${mebibytes(early)} → ${mebibytes(late)} MiB`;
  return { isFlat: late <= early * 1.02 + 2 ** 19, text };
}

function leftOf([before, after]: readonly [number, number]): number {
  return Math.max(0, after - before);
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
