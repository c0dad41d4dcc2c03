export {
  CallContext,
  type CallContextInit,
  callContext,
  currentCall,
  type EventSubscription,
  runInContext,
} from './call-context.js';
