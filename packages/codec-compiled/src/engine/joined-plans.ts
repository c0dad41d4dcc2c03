import type { BuildField, BuildPlan } from '@tenon/contract';
import type { FieldLayout, RecordLayout } from '@tenon/schema';

/** A record of a layout together with the plan by which instances of its class are made. */
export interface JoinedRecord {
  readonly number: number;
  readonly layout: RecordLayout;
  readonly plan: BuildPlan;
  /** The joined records of the fields whose values are instances too, by their names. */
  readonly nested: ReadonlyMap<string, number>;
}

/**
 * A layout and a plan joined, the first record first; undefined where they do not fit together: a field means something to
 * the validator that the plan does not say, or an instance is wanted of what is no record.
 */
export function joinPlans(records: readonly RecordLayout[], plan: BuildPlan): readonly JoinedRecord[] | undefined {
  const pairs: { readonly record: number; readonly plan: BuildPlan }[] = [{ record: 0, plan }];
  const joined: JoinedRecord[] = [];
  for (let number = 0; number < pairs.length; number += 1) {
    const pair = pairs[number];
    const layout = pair && records[pair.record];
    if (pair === undefined || layout === undefined || pairs.length > maxPairs) return undefined;
    const nested = nestedOf(layout, pair.plan, (record, inner) => {
      const known = pairs.findIndex((one) => one.record === record && one.plan === inner);
      return known >= 0 ? known : pairs.push({ record, plan: inner }) - 1;
    });
    if (nested === undefined) return undefined;
    joined.push({ number, layout, plan: pair.plan, nested });
  }
  return joined;
}

function nestedOf(
  layout: RecordLayout,
  plan: BuildPlan,
  numberOf: (record: number, plan: BuildPlan) => number,
): ReadonlyMap<string, number> | undefined {
  const planned = new Map<string, BuildField>(plan.fields.map((field) => [field.name, field]));
  const nested = new Map<string, number>();
  for (const field of layout.fields) {
    const rules = planned.get(field.name);
    if (rules === undefined && !plan.dropsUnknown) return undefined;
    if (rules?.nested === undefined) continue;
    const record = recordOf(field);
    const inner = rules.nested();
    if (record === undefined || inner === undefined) return undefined;
    nested.set(field.name, numberOf(record, inner));
  }
  return nested;
}

/** The record that a field's value, or each item of it, is. */
function recordOf({ type }: FieldLayout): number | undefined {
  const one = type.kind === 'array' ? type.items : type;
  return one.kind === 'record' ? one.record : undefined;
}

/** More than there are records: a plan that is another one at each asking has no end. */
const maxPairs = 1_024;
