import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { type Manifest, type Package, type Project, packageNameOf, type Rule, type Violation } from './project.js';
import type { Import, SourceFile } from './source-file.js';

/** Arrows point inward: who may depend on whom. */
export const dependencyRules: readonly Rule[] = [
  {
    name: 'contract imports anything at run time',
    check: (project) =>
      violations(project, ({ file, specifier, typeOnly }) => {
        if (!isSourceOf(file, 'packages/contract') || typeOnly || specifier.startsWith('.')) return undefined;
        return {
          problem: `contract imports ${specifier}`,
          mend: 'write `import type`, or move what needs it out of contract',
        };
      }),
  },
  {
    name: 'a provider imports another provider, core or tenon',
    check: (project) =>
      violations(project, ({ file, target }) => {
        if (target === undefined || file.area !== 'src' || !isProvider(file.packageFolder)) return undefined;
        // What a DTO class says is read in one place, for the validator and for the codec that is compiled from it, and its
        // protobuf form in another, for the codec and for gRPC's reflection; gossip is a protocol that knows nothing of services,
        // nats the way to a server for a registry, a transport, a broker and an inbox alike, and http what transports over HTTP are made of.
        const beside = ['contract', 'schema', 'protobuf', 'gossip', 'nats', 'http'].map((one) => `packages/${one}`);
        if ([...beside, file.packageFolder].includes(target.folder)) return undefined;
        return {
          problem: `the provider ${file.packageFolder} imports ${target.manifest.name}`,
          mend: 'depend on a seam of @tenon/contract and let the container hand it in',
        };
      }),
  },
  importsOf('schema', ['contract'], 'schema says what a class says; what is done with it stands in the provider'),
  importsOf(
    'protobuf',
    ['contract', 'schema'],
    'protobuf derives what a service is on the wire; what carries it stands in the provider',
  ),
  importsOf('nats', ['contract'], 'nats is the way to a server; what is said over it stands in the provider'),
  importsOf(
    'http',
    ['contract'],
    'http is what transports over HTTP share; what one of them says on its wire stands in the provider',
  ),
  importsOf('core', ['contract'], 'work on the seam of @tenon/contract; tenon puts core and providers together'),
  {
    name: 'anything but tenon imports inversify or reflect-metadata',
    check: (project) =>
      violations(project, ({ file, name }) => {
        const isContainer = name === 'inversify' || name === 'reflect-metadata' || name?.startsWith('@inversifyjs/');
        if (!isContainer || file.area !== 'src' || file.packageFolder === 'packages/tenon') return undefined;
        return {
          problem: `${file.packageFolder} imports ${name}`,
          mend: 'export a provider made by provide(); tenon turns it into a binding',
        };
      }),
  },
  {
    name: 'conformance depends on anything but contract',
    check: (project) => [
      ...violations(project, ({ file, name }) => {
        if (!isSourceOf(file, 'packages/conformance') || name === undefined || name === '@tenon/contract')
          return undefined;
        return { problem: `conformance imports ${name}`, mend: 'let the fixture hand it in' };
      }),
      ...project.packages
        .filter((one) => one.folder === 'packages/conformance')
        .flatMap((one) => runtimeDependencies(one).map((name) => ({ one, name })))
        .filter(({ name }) => name !== '@tenon/contract')
        .map(({ one, name }) => inManifest(one, `conformance depends on ${name}`, 'let the fixture hand it in')),
    ],
  },
  {
    name: "a path below another package's exports",
    check: (project) => violations(project, (mention) => deepPath(project, mention)),
  },
  {
    name: 'an undeclared dependency',
    check: (project) => violations(project, (mention) => undeclared(project, mention)),
  },
];

/** Of the workspace, the sources of a package import these others alone. */
function importsOf(one: string, others: readonly string[], mend: string): Rule {
  const allowed = [one, ...others].map((name) => `packages/${name}`);
  return {
    name: `${one} imports anything of the workspace but ${others.join(' and ')}`,
    check: (project) =>
      violations(project, ({ file, target }) => {
        if (target === undefined || !isSourceOf(file, `packages/${one}`)) return undefined;
        if (allowed.includes(target.folder)) return undefined;
        return { problem: `${one} imports ${target.manifest.name}`, mend };
      }),
  };
}

interface Mention extends Import {
  readonly file: SourceFile;
  /** The package that the specifier names, in the workspace or not. */
  readonly name: string | undefined;
  /** The same, where it is one of the workspace. */
  readonly target: Package | undefined;
}

type Finding = Pick<Violation, 'problem' | 'mend'>;

/** Asks about each import of each file. */
function violations(project: Project, find: (mention: Mention) => Finding | undefined): readonly Violation[] {
  return project.files.flatMap((file) =>
    file.imports.flatMap((one) => {
      const name = packageNameOf(one.specifier);
      const target = name === undefined ? undefined : project.packageNamed(name);
      const finding = find({ ...one, file, name, target });
      return finding === undefined ? [] : [{ file: file.path, line: one.line, ...finding }];
    }),
  );
}

function deepPath(project: Project, { file, specifier, name, target }: Mention): Finding | undefined {
  if (specifier.startsWith('.')) {
    const reached = /^(?:packages|examples)\/[^/]+/.exec(posix.join(posix.dirname(file.path), specifier))?.[0];
    if (reached === undefined || reached === file.packageFolder) return undefined;
    const owner = project.packages.find((one) => one.folder === reached);
    return {
      problem: `${specifier} reaches into ${reached}`,
      mend: `import ${owner?.manifest.name ?? 'the package'} by name, or have it export what is needed`,
    };
  }
  if (target === undefined || name === undefined || specifier === name) return undefined;
  const path = `.${specifier.slice(name.length)}`;
  if (target.manifest.exports !== undefined && path in target.manifest.exports) return undefined;
  return { problem: `${name} does not export ${path}`, mend: 'import what its package.json lists under exports' };
}

function undeclared(project: Project, { file, name }: Mention): Finding | undefined {
  if (name === undefined) return undefined;
  if (builtinModules.includes(name)) return { problem: `${name} is a module of Node`, mend: `write node:${name}` };
  const owner = project.packages.find((one) => one.folder === file.packageFolder);
  if (owner === undefined) {
    if (project.packageNamed(name) !== undefined) return undefined;
    const apart = manifestApart(project, file);
    if (apart !== undefined) {
      if (declaredBy(apart.manifest).includes(name)) return undefined;
      return { problem: `${name} is not declared`, mend: `declare it in ${apart.path}` };
    }
    if (declaredBy(project.root).includes(name)) return undefined;
    return { problem: `${name} is not declared`, mend: 'declare it in the root package.json' };
  }
  if (file.area === 'src') {
    if (runtimeDependencies(owner).includes(name)) return undefined;
    const itself = name === owner.manifest.name;
    return itself
      ? { problem: `${owner.folder} imports itself by name`, mend: 'import the file by its relative path' }
      : { problem: `${name} is not declared`, mend: `list it under dependencies of ${owner.folder}/package.json` };
  }
  const known = [owner.manifest.name, ...declaredBy(owner.manifest), ...declaredBy(project.root)];
  if (known.includes(name)) return undefined;
  return { problem: `${name} is not declared`, mend: `list it under devDependencies of ${owner.folder}/package.json` };
}

/** The package.json of a folder that is installed by itself, outside of the workspace: the nearest above a file. */
function manifestApart(project: Project, file: SourceFile): { path: string; manifest: Manifest } | undefined {
  for (let folder = posix.dirname(file.path); folder !== '.'; folder = posix.dirname(folder)) {
    const path = posix.join(folder, 'package.json');
    const text = project.textOf(path);
    if (text !== undefined) return { path, manifest: JSON.parse(text) as Manifest };
  }
  return undefined;
}

function isSourceOf(file: SourceFile, folder: string): boolean {
  return file.area === 'src' && file.packageFolder === folder;
}

/** A package is SEAM-TECHNOLOGY. */
function isProvider(folder: string): boolean {
  return /^packages\/(?:registry|transport|broker|codec|inbox|store|validator)-/.test(folder);
}

/** What is installed along with a package. */
export function runtimeDependencies({ manifest }: Package): readonly string[] {
  const { dependencies, peerDependencies, optionalDependencies } = manifest;
  return Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies });
}

function declaredBy(manifest: Package['manifest']): readonly string[] {
  const { dependencies, devDependencies, peerDependencies, optionalDependencies } = manifest;
  return Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies, ...optionalDependencies });
}

function inManifest(one: Package, problem: string, mend: string): Violation {
  return { file: `${one.folder}/package.json`, line: 1, problem, mend };
}
