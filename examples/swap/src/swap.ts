import { replacements } from './replacements/index.js';
import { tryReplacement } from './try-replacement.js';

for (const [seam, replacement] of Object.entries(replacements)) {
  for (const how of ['provide', 'ContainerModule'] as const) {
    const seen = await tryReplacement(replacement, how);
    console.log(`${seam.padEnd(10)} by ${how.padEnd(15)} → ${seen.slice(0, 2).join('; ')}`);
  }
}
