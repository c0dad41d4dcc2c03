import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../system/repository.mjs';
import { captured } from '../system/run.mjs';

/**
 * Writes the README's hello and tsconfig into a folder, compiles them, and runs the result twice: as a module, and behind
 * a `require` of tenon, which must hand out the same module that `import` does.
 *
 * @param {string} folder inside a project in which the packages are installed
 * @returns {Promise<string>} the first line that it printed
 */
export async function checkHello(folder) {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  writeFileSync(join(folder, 'hello.ts'), markedBlock(readme, 'hello'));
  writeFileSync(join(folder, 'tsconfig.json'), markedBlock(readme, 'tsconfig'));
  writeFileSync(join(folder, 'hello-by-require.cjs'), helloByRequire);
  await captured(join(root, 'node_modules', '.bin', 'tsc'), ['-p', '.', '--noEmit', 'false', '--outDir', 'out'], {
    cwd: folder,
  });

  const options = { cwd: folder, env: { TENON_PROFILE: undefined }, timeoutMs: 60_000 };
  const imported = await captured(process.execPath, ['out/hello.js'], options);
  const required = await captured(process.execPath, ['hello-by-require.cjs'], options);
  if (imported.trim() === '') throw new Error("The README's hello ran and printed nothing.");
  if (required.trim() === '') throw new Error("The README's hello printed nothing after require('tenon').");
  return imported.trim().split('\n').at(-1) ?? '';
}

const helloByRequire = `
const required = require('tenon');
import('tenon').then((imported) => {
  if (required.createApp !== imported.createApp) throw new Error("require('tenon') and import('tenon') differ");
  return import('./out/hello.js');
});
`;

/**
 * The text of the fenced code that follows the comment `<!-- name -->`.
 *
 * @param {string} markdown
 * @param {string} name
 */
export function markedBlock(markdown, name) {
  const found = new RegExp(`<!-- ${name} -->\\s*\`\`\`\\w*[^\\n]*\\n(.*?)\\n\`\`\``, 's').exec(markdown);
  if (found === null) throw new Error(`README.md has no code block behind a comment <!-- ${name} -->.`);
  return `${found[1]}\n`;
}
