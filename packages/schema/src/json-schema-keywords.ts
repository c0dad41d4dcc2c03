import type { JsonSchema } from '@tenon/contract';

/** What a rule says in JSON Schema; `undefined` where it cannot be said, or not with these constraints. */
export function keywordsOf(rule: string, constraints: readonly unknown[]): JsonSchema | undefined {
  const make = Object.hasOwn(keywords, rule) ? keywords[rule] : undefined;
  return typeof make === 'function' ? make(constraints) : make;
}

/** Both of two schemas: the tighter bound, the narrower type, both patterns. */
export function merge(one: JsonSchema, other: JsonSchema): JsonSchema {
  const merged: Record<string, unknown> = { ...one };
  for (const [keyword, value] of Object.entries(other)) {
    const present = merged[keyword];
    if (present === undefined) merged[keyword] = value;
    else if (lowerBounds.has(keyword)) merged[keyword] = Math.max(present as number, value as number);
    else if (upperBounds.has(keyword)) merged[keyword] = Math.min(present as number, value as number);
    else if (keyword === 'type') merged['type'] = value === 'integer' && present === 'number' ? value : present;
    else if (conjunctive.has(keyword) && present !== value) {
      merged['allOf'] = [...((merged['allOf'] as readonly unknown[]) ?? []), { [keyword]: value }];
    }
  }
  return merged;
}

/** Whether a value can stand in a schema as it is. */
export function isJsonScalar(value: unknown): value is string | number | boolean | null {
  return value === null || ['string', 'boolean'].includes(typeof value) || Number.isFinite(value);
}

type Keywords = JsonSchema | ((constraints: readonly unknown[]) => JsonSchema | undefined);

const lowerBounds = new Set(['minLength', 'minItems', 'minimum', 'exclusiveMinimum', 'minProperties']);
const upperBounds = new Set(['maxLength', 'maxItems', 'maximum', 'exclusiveMaximum']);
const conjunctive = new Set(['pattern', 'format', 'enum', 'const', 'not', 'multipleOf']);

const keywords: Readonly<Record<string, Keywords>> = Object.freeze({
  isString: { type: 'string' },
  isInt: { type: 'integer' },
  isNumber: { type: 'number' },
  isBoolean: { type: 'boolean' },
  isDate: { type: 'string', format: 'date-time' },
  minDate: { type: 'string', format: 'date-time' },
  maxDate: { type: 'string', format: 'date-time' },
  isArray: { type: 'array' },
  isObject: { type: 'object' },
  isNotEmptyObject: { type: 'object', minProperties: 1 },
  isEnum: ([, values]) => oneOf(values),
  isIn: ([values]) => oneOf(values),
  isNotIn: ([values]) => negated(oneOf(values)),
  equals: ([value]) => (isJsonScalar(value) ? { const: value } : undefined),
  notEquals: ([value]) => (isJsonScalar(value) ? { not: { const: value } } : undefined),
  min: ([least]) => bound('number', 'minimum', least),
  max: ([most]) => bound('number', 'maximum', most),
  isPositive: { type: 'number', exclusiveMinimum: 0 },
  isNegative: { type: 'number', exclusiveMaximum: 0 },
  isDivisibleBy: ([divisor]) =>
    isPositiveInteger(divisor) ? { type: 'number', multipleOf: divisor } : { type: 'number' },
  isLength: ([least, most]) => ({ ...bound('string', 'minLength', least), ...bound('string', 'maxLength', most) }),
  minLength: ([least]) => bound('string', 'minLength', least),
  maxLength: ([most]) => bound('string', 'maxLength', most),
  arrayNotEmpty: { type: 'array', minItems: 1 },
  arrayMinSize: ([least]) => bound('array', 'minItems', least),
  arrayMaxSize: ([most]) => bound('array', 'maxItems', most),
  arrayUnique: { type: 'array', uniqueItems: true },
  arrayContains: { type: 'array' },
  arrayNotContains: { type: 'array' },
  matches: ([pattern, flags]) => patternOf(pattern, flags),
  contains: ([seed]) => (typeof seed === 'string' ? { type: 'string', pattern: escaped(seed) } : { type: 'string' }),
  notContains: ([seed]) =>
    typeof seed === 'string' ? { type: 'string', not: { pattern: escaped(seed) } } : { type: 'string' },
  isEmail: { type: 'string', format: 'email' },
  isUrl: { type: 'string', format: 'uri' },
  isUuid: { type: 'string', format: 'uuid' },
  isFqdn: { type: 'string', format: 'hostname' },
  isIp: ([version]) => ({ type: 'string', ...(version ? { format: `ipv${String(version)}` } : {}) }),
  isIso8601: { type: 'string', format: 'date-time' },
  isDateString: { type: 'string', format: 'date-time' },
  isRFC3339: { type: 'string', format: 'date-time' },
  isBase64: { type: 'string', contentEncoding: 'base64' },
  isJson: { type: 'string', contentMediaType: 'application/json' },
  isMongoId: { type: 'string', pattern: '^[0-9a-fA-F]{24}$' },
  isMilitaryTime: { type: 'string', pattern: '^([01]\\d|2[0-3]):?([0-5]\\d)$' },
  isAlpha: ([locale]) => ({ type: 'string', ...(locale === undefined ? { pattern: '^[A-Za-z]+$' } : {}) }),
  isAlphanumeric: ([locale]) => ({ type: 'string', ...(locale === undefined ? { pattern: '^[0-9A-Za-z]+$' } : {}) }),
  ...Object.fromEntries(
    [
      'isAscii isBIC isBase32 isBase58 isBooleanString isBtcAddress isByteLength isCreditCard isCurrency isDataURI',
      'isDecimal isEAN isEthereumAddress IsFirebasePushId isFullWidth isHSL isHalfWidth isHash isHexColor isHexadecimal',
      'isIBAN isISBN isIsin isISO31661Alpha2 isISO31661Alpha3 isISO31661Numeric isISO4217CurrencyCode isISO6391 isISRC',
      'isISSN isIdentityCard isIsbn isJwt isLatLong isLocale isLowercase isMacAddress isMagnetURI isMimeType isMobilePhone',
      'isMultibyte isNumberString isOctal isPassportNumber isPhoneNumber isPort isPostalCode isRgbColor isSemVer',
      'isStrongPassword isSurrogatePair isTaxId isTimeZone isUppercase isVariableWidth',
    ].flatMap((names) => names.split(' ').map((name) => [name, { type: 'string' }])),
  ),
});

function bound(type: string, keyword: string, value: unknown): JsonSchema {
  return Number.isFinite(value) ? { type, [keyword]: value } : { type };
}

function oneOf(values: unknown): JsonSchema | undefined {
  return Array.isArray(values) && values.every(isJsonScalar) ? { enum: [...values] } : undefined;
}

function negated(schema: JsonSchema | undefined): JsonSchema | undefined {
  return schema === undefined ? undefined : { not: schema };
}

function isPositiveInteger(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) > 0;
}

/** JSON Schema has patterns without flags: one that needs them is left out. */
function patternOf(pattern: unknown, flags: unknown): JsonSchema {
  const source = pattern instanceof RegExp ? pattern.source : pattern;
  const needed = pattern instanceof RegExp ? pattern.flags : flags;
  const plain = typeof source === 'string' && (needed === undefined || /^[ug]*$/.test(String(needed)));
  return plain ? { type: 'string', pattern: source } : { type: 'string' };
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
