import { describeRunOn } from './run-on.ts';

describeRunOn('trixie');
