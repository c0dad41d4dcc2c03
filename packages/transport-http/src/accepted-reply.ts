import { mediaType } from '@tenon/contract/authoring';
import { formOf, messageTypeOf, type StreamForm } from './stream-form.js';

/** What an `Accept` field asks for, of what there is. */
export interface AcceptedReply {
  /** The bound type that is wanted most for a single value; undefined where none is named. */
  readonly type: string | undefined;
  /** The form that is wanted most for a stream; undefined where none is named. */
  readonly form: StreamForm | undefined;
  /** The type of each message, where the form is `frames`. */
  readonly messageType: string | undefined;
  /** Whether something that is not named here will do as well: a pattern such as `*` + `/*`, or nothing asked for. */
  readonly anything: boolean;
}

/** Reads an `Accept` field: the highest quality wins, the first among equals. What is neither bound nor a form is no wish. */
export function readAccept(accept: string | undefined, isBound: (type: string) => boolean): AcceptedReply {
  if (accept === undefined) return whatever;
  const type = new Favourite<string>();
  const stream = new Favourite<{ readonly form: StreamForm; readonly messageType: string | undefined }>();
  let anyQuality = 0;
  for (const item of accept.split(',', maxItems)) {
    const quality = qualityOf(item);
    if (quality <= 0) continue;
    const name = mediaType(item);
    const form = formOf(name);
    if (name.endsWith('/*')) anyQuality = Math.max(anyQuality, quality);
    else if (form !== undefined) offerStream(stream, form, item, quality, isBound);
    else if (isBound(name)) type.offer(name, quality);
  }
  return {
    // A pattern that is wanted more than any name leaves the choice to the server.
    type: type.quality < anyQuality ? undefined : type.value,
    form: stream.value?.form,
    messageType: stream.value?.messageType,
    anything: anyQuality > 0 || (type.value === undefined && stream.value === undefined),
  };
}

function offerStream(
  stream: Favourite<{ readonly form: StreamForm; readonly messageType: string | undefined }>,
  form: StreamForm,
  item: string,
  quality: number,
  isBound: (type: string) => boolean,
): void {
  const messageType = form === 'frames' ? messageTypeOf(item) : undefined;
  if (messageType === undefined || isBound(messageType)) stream.offer({ form, messageType }, quality);
}

/** The best of what was offered. */
class Favourite<T> {
  value: T | undefined;
  quality = 0;

  offer(value: T, quality: number): void {
    if (quality <= this.quality) return;
    this.value = value;
    this.quality = quality;
  }
}

function qualityOf(item: string): number {
  const parameter = /;\s*q=([\d.]+)/i.exec(item);
  return parameter === null ? 1 : Number(parameter[1]) || 0;
}

const whatever: AcceptedReply = Object.freeze({
  type: undefined,
  form: undefined,
  messageType: undefined,
  anything: true,
});

/** A longer list than this is not a preference. */
const maxItems = 32;
