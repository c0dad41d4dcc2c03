import { argumentsOf, type Constraint, type RuleMetadata } from '@tenon/schema';

/**
 * The message of a broken rule, as class-validator words it: the user's text or function, else the rule's default, with
 * `$constraint1`, `$value`, `$property` and `$target` filled in.
 */
export function messageOf(
  metadata: RuleMetadata,
  constraint: Constraint | undefined,
  value: unknown,
  object: object,
): string {
  const facts = argumentsOf(metadata, value, object);
  const instance = constraint?.instance;
  const template = metadata.message || (instance?.defaultMessage ? instance.defaultMessage(facts) : '');
  let text = typeof template === 'function' ? template(facts) : template;
  if (!text) return text;
  for (const [index, item] of (Array.isArray(facts.constraints) ? facts.constraints : []).entries()) {
    text = text.replace(new RegExp(`\\$constraint${index + 1}`, 'g'), constraintText(item));
  }
  if (['string', 'boolean', 'number'].includes(typeof value)) text = text.replace(/\$value/g, String(value));
  text = text.replace(/\$property/g, facts.property);
  return text.replace(/\$target/g, facts.targetName);
}

function constraintText(constraint: unknown): string {
  if (Array.isArray(constraint)) return constraint.join(', ');
  return typeof constraint === 'symbol' ? `${constraint.description}` : `${constraint}`;
}
