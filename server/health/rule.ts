// What a rule about the collector's state says.
import type { Finding, HealthFigures } from '../api/health.ts';

export type FindingText = Omit<Finding, 'code'>;
/** A rule returns undefined where all is well. */
export type Rule = (figures: HealthFigures) => FindingText | undefined;
