import { IsBoolean, IsInt, IsString } from 'class-validator';
import { type AnyClass, type DeliveryLevel, Event } from 'tenon';

/** What the lab publishes. */
export interface Sample {
  readonly seq: number;
  /** Whose order is looked at. */
  readonly key: string;
  /** Its handler fails each time. */
  readonly isPoison: boolean;
}

/** The class of a topic, of its own in each process and for each topic. */
export function sampleEvent(topic: string, delivery?: DeliveryLevel): AnyClass<Sample> {
  class SampleEvent implements Sample {
    @IsInt() seq!: number;
    @IsString() key!: string;
    @IsBoolean() isPoison!: boolean;
  }
  Event(topic, delivery === undefined ? {} : { delivery })(SampleEvent);
  return SampleEvent;
}
