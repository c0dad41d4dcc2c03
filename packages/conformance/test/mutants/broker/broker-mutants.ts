import type { BrokerFixture } from '@tenon/conformance';
import type { Mutant } from '../prove-cases.js';
import { acknowledgedMutants } from './acknowledged-mutants.js';
import { deliveryMutants } from './delivery-mutants.js';
import { faultMutants } from './fault-mutants.js';
import { subscriptionMutants } from './subscription-mutants.js';

/** Broken brokers, in the order of the cases that catch them. */
export const brokerMutants: readonly Mutant<BrokerFixture>[] = [
  ...deliveryMutants,
  ...subscriptionMutants,
  ...acknowledgedMutants,
  ...faultMutants,
];
