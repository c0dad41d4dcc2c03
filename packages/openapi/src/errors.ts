import { codes, type JsonSchema } from '@tenon/contract';

/** The statuses that HTTP itself adds to those of the sixteen codes: see docs/wire/http.md. */
const ofHttp: readonly (readonly [status: number, code: keyof typeof codes, when: string])[] = [
  [404, 'NotFound', 'there is nothing at the path'],
  [406, 'InvalidArgument', '`Accept` names nothing that the endpoint gives'],
  [408, 'DeadlineExceeded', 'the request did not arrive in time'],
  [413, 'ResourceExhausted', 'the body, or a message of the reply, is over the limit'],
  [415, 'InvalidArgument', 'a content type or encoding that is not read'],
  [431, 'ResourceExhausted', 'the header fields are too large'],
];

/** The names of {@link errorSchemas}, which no DTO class can have in a document. */
export const takenNames: readonly string[] = Object.freeze(['ErrorCode', 'Failure', 'StreamFailure', 'Violation']);

/** What failed calls are answered with, as components. */
export function errorSchemas(): Readonly<Record<string, JsonSchema>> {
  const meanings = Object.entries(codes).map(([code, { meaning }]) => `- \`${code}\`: ${meaning}`);
  return {
    ErrorCode: {
      type: 'string',
      enum: Object.keys(codes),
      description: `The sixteen codes of gRPC:\n\n${meanings.join('\n')}`,
    },
    Failure: {
      type: 'object',
      description: 'What went wrong. It is always in JSON, whatever the type of the call.',
      properties: {
        code: { $ref: '#/components/schemas/ErrorCode' },
        message: { type: 'string', description: 'For people.' },
        executed: {
          type: 'string',
          enum: ['no', 'maybe', 'yes'],
          description: 'Whether the handler ran. Only after `no` is it safe to repeat a call blindly.',
        },
        details: {
          description:
            'What the service adds, in a form of its own. Where a request broke rules: `violations`, a list of `Violation`.',
        },
        service: { type: 'string' },
        endpoint: { type: 'string' },
        node: { type: 'string' },
        correlationId: { type: 'string', description: 'Under which a fault stands in the log of the server.' },
        refusal: {
          type: 'string',
          enum: ['draining', 'overloaded'],
          description: 'Why a server turned the call away for a reason that lies in the server.',
        },
      },
      required: ['code', 'message', 'executed'],
    },
    StreamFailure: {
      type: 'object',
      description: 'The last line of a stream that failed after its first message; an empty line is before it.',
      properties: { error: { $ref: '#/components/schemas/Failure' } },
      required: ['error'],
    },
    Violation: {
      type: 'object',
      description: 'One rule that one field of the request broke. Values are never repeated.',
      properties: {
        field: { type: 'string', description: 'Where: `items[2].sku`; empty for the value itself.' },
        rule: { type: 'string', description: 'Its name: `isEmail`, `minLength`.' },
        message: { type: 'string' },
        valueType: { type: 'string', description: 'What arrived: `string`, `number`, `undefined`, …' },
      },
      required: ['field', 'rule', 'message', 'valueType'],
    },
  };
}

/** A response for each status that a call can fail with, by its name. */
export function refusals(): Readonly<Record<string, object>> {
  const content = { 'application/json': { schema: { $ref: '#/components/schemas/Failure' } } };
  return Object.fromEntries(
    statuses().map((status): [string, object] => [`Failure${status}`, { description: descriptionOf(status), content }]),
  );
}

/** A reference for each of those statuses. */
export function refusalReferences(): Readonly<Record<string, object>> {
  return Object.fromEntries(
    statuses().map((status): [string, object] => [String(status), { $ref: `#/components/responses/Failure${status}` }]),
  );
}

function statuses(): readonly number[] {
  const all = [...Object.values(codes).map(({ httpStatus }) => httpStatus), ...ofHttp.map(([status]) => status)];
  return [...new Set(all)].sort((one, other) => one - other);
}

function descriptionOf(status: number): string {
  const ofCodes = Object.entries(codes)
    .filter(([, { httpStatus }]) => httpStatus === status)
    .map(([code, { meaning }]) => `\`${code}\`: ${meaning}`);
  const added = ofHttp.filter(([one]) => one === status).map(([, code, when]) => `\`${code}\`: ${when}.`);
  return [...ofCodes, ...added].join(' ');
}
