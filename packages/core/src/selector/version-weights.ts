import {
  type Candidate,
  type Outcome,
  type Picker,
  type Provider,
  ServiceError,
  type Strategy,
  wrapped,
} from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';
import { innerStrategy } from './inner-strategy.js';
import { hashes, hashOfKey } from './key-hash.js';

export interface VersionWeightsOptions {
  /** The weight of each version that is not named. Range 0 to 1,000,000, default 0: it gets calls only where no named one is there. */
  readonly others?: number;
  /** Chooses among the nodes of a version. Default `p2cStrategy()`. */
  readonly within?: Provider<Strategy>;
}

/**
 * Shares the calls among the versions of each service by weight, however many nodes a version has: a canary of one node beside a
 * hundred gets its 5 %. A version without a node that can be used gives its share to the others, in proportion; where
 * only versions of weight 0 are left, their nodes share the calls.
 *
 * A call with a key chooses its version by the key's hash: who has met the canary goes on meeting it.
 *
 * @param weights - by version, compared as text; 0 to 1,000,000 each, in any unit.
 * @throws ServiceError `InvalidArgument` for weights of which none is above 0, and for one out of range, by version and value.
 *
 * @example
 * modules: [versionWeights({ '1.0.0': 95, '1.1.0': 5 })]
 */
export function versionWeights(
  weights: Readonly<Record<string, number>>,
  options: VersionWeightsOptions = {},
): Provider<Strategy> {
  const weightRange = { min: 0, max: 1_000_000, integer: false };
  const byVersion = new Map<string, number>();
  for (const [version, weight] of Object.entries(weights))
    byVersion.set(
      version,
      checkedNumber(`versionWeights["${version}"]`, weight ?? Number.NaN, { ...weightRange, fallback: 0 }),
    );
  const others = checkedNumber('versionWeights.others', options.others, {
    min: 0,
    max: 1_000_000,
    fallback: 0,
    integer: false,
  });
  if (others === 0 && ![...byVersion.values()].some((weight) => weight > 0))
    throw new ServiceError('InvalidArgument', 'versionWeights has no version whose weight is above 0', {
      executed: 'no',
    });
  return wrapped(innerStrategy('versionWeights.within', options.within), (inner) => ({
    picker: (service) =>
      new VersionPicker(
        (version) => byVersion.get(version) ?? others,
        () => inner.picker(service),
      ),
  }));
}

/** The candidates of one version. */
interface Version {
  readonly weight: number;
  readonly picker: Picker;
  readonly candidates: readonly Candidate[];
}

class VersionPicker implements Picker {
  readonly #weightOf: (version: string) => number;
  readonly #newPicker: () => Picker;
  /** For the nodes of each version, and one for those of no weight. */
  readonly #pickers = new Map<string | undefined, Picker>();
  #candidates: readonly Candidate[] | undefined;
  /** Those of the last list that have a weight, or the one of all where none has. */
  #versions: readonly Version[] = [];
  #total = 0;

  constructor(weightOf: (version: string) => number, newPicker: () => Picker) {
    this.#weightOf = weightOf;
    this.#newPicker = newPicker;
  }

  pick(candidates: readonly Candidate[], key: string | undefined): Candidate {
    if (candidates !== this.#candidates) this.#divide(candidates);
    const version = this.#versionFor(key);
    return version.picker.pick(version.candidates, key);
  }

  report(candidate: Candidate, outcome: Outcome): void {
    this.#pickerOf(candidate)?.report(candidate, outcome);
  }

  returned(candidate: Candidate): void {
    this.#pickerOf(candidate)?.returned?.(candidate);
  }

  #versionFor(key: string | undefined): Version {
    const versions = this.#versions;
    const last = versions.length - 1;
    if (last === 0) return versions[0] as Version;
    // Another hash than that of strategies within, which would else see a part of the keys only.
    let left = (hashOfKey(key, versionSeed) / hashes) * this.#total;
    for (let index = 0; index < last; index += 1) {
      const version = versions[index] as Version;
      left -= version.weight;
      if (left < 0) return version;
    }
    return versions[last] as Version;
  }

  #pickerOf({ record }: Candidate): Picker | undefined {
    return this.#pickers.get(this.#weightOf(record.version) > 0 ? record.version : undefined);
  }

  #divide(candidates: readonly Candidate[]): void {
    const byVersion = new Map<string, Candidate[]>();
    for (const candidate of candidates) {
      const { version } = candidate.record;
      const same = byVersion.get(version);
      if (same === undefined) byVersion.set(version, [candidate]);
      else same.push(candidate);
    }
    this.#forgetBut(byVersion);
    // In one order everywhere, so that a key means the same version to every client.
    const weighed = [...byVersion]
      .map(([version, nodes]) => ({ version, nodes, weight: this.#weightOf(version) }))
      .filter(({ weight }) => weight > 0)
      .sort((one, other) => (one.version < other.version ? -1 : 1));
    this.#versions =
      weighed.length > 0
        ? weighed.map(({ version, nodes, weight }) => ({ weight, picker: this.#pickerFor(version), candidates: nodes }))
        : [{ weight: 1, picker: this.#pickerFor(undefined), candidates }];
    this.#total = this.#versions.reduce((sum, { weight }) => sum + weight, 0);
    this.#candidates = candidates;
  }

  #pickerFor(version: string | undefined): Picker {
    let picker = this.#pickers.get(version);
    if (picker === undefined) {
      picker = this.#newPicker();
      this.#pickers.set(version, picker);
    }
    return picker;
  }

  /** A version that is not there now may be filtered out; of many that were deployed one after the other, most are gone. */
  #forgetBut(present: ReadonlyMap<string, unknown>): void {
    if (this.#pickers.size <= maxVersions) return;
    for (const version of this.#pickers.keys())
      if (version !== undefined && !present.has(version)) this.#pickers.delete(version);
  }
}

const versionSeed = 0x76657273;
const maxVersions = 64;
