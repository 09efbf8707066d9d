import { describeRunOn } from './run-on.ts';

describeRunOn('bookworm');
