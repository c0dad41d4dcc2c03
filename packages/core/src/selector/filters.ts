import type { Filter, Metadata } from '@tenon/contract';

/** Keeps the nodes of one version, compared as text. */
export function byVersion(version: string): Filter {
  return (candidates) => candidates.filter((candidate) => candidate.record.version === version);
}

/** Keeps the nodes whose metadata has every one of these pairs. */
export function byLabels(labels: Metadata): Filter {
  const pairs = Object.entries(labels);
  return (candidates) =>
    candidates.filter(({ node }) =>
      pairs.every(([key, value]) => Object.hasOwn(node.metadata, key) && node.metadata[key] === value),
    );
}

/** Keeps the nodes whose record lists the endpoint, for services whose versions differ in what they offer. */
export function byEndpoint(endpoint: string): Filter {
  return (candidates) =>
    candidates.filter(({ record }) => record.endpoints.some((offered) => offered.name === endpoint));
}
