import { ServiceError } from '@tenon/contract';

/**
 * A subject of an options object, without wildcards.
 *
 * @param name - as the user wrote it, with its owner: `natsTransport.subjectPrefix`.
 * @throws ServiceError `InvalidArgument` that names the option and its value.
 */
export function checkedSubject(name: string, subject: string): string {
  if (typeof subject === 'string' && /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(subject)) return subject;
  const text = `${name} is ${JSON.stringify(subject)}; it must be a subject without wildcards`;
  throw new ServiceError('InvalidArgument', text, { executed: 'no' });
}
