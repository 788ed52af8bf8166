import type { Logger } from 'pino';
import type { Definitions } from '../fhir/definitions.ts';
import type { OfflineTranslation } from '../intake/translate-offline.ts';
import type { Store } from '../store/store.ts';
import type { Validator } from '../validate/validator.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Run } from '../jobs/kept-request.ts';
import type { Visit } from './access/enter.ts';
import type { Gate } from './gate.ts';
import type { CustomParameters } from './parameters/custom-parameters.ts';
import type { Router } from './route.ts';
import type { ServeSettings } from './settings.ts';

/** What every interaction works with. `main` makes it once; tests make it over a store of their own. */
export interface Context {
  readonly store: Store;
  readonly validator: Validator;
  readonly definitions: Definitions;
  readonly settings: ServeSettings;
  readonly log: Logger;
  /** The table of routes: the entries of a bundle go through it as requests do. */
  readonly router: Router;
  /** Undefined: nothing is exported, and everything is answered at once. */
  readonly jobs?: Jobs;
  /** The job that carries out the request; undefined where it is answered at once. */
  readonly run?: Run;
  /** Undefined: everybody comes in, and nothing is kept of it. */
  readonly gate?: Gate;
  /** Who asks; undefined in what is no request's. Only the funnel reads it, and what a setting decides by client. */
  readonly visit?: Visit;
  /** What an HL7 v2 message would become; nothing is stored. Undefined: none are translated here. */
  readonly convert?: (raw: Uint8Array) => OfflineTranslation;
  /** Search parameters made at run time; undefined: a SearchParameter is kept and nothing more. */
  readonly customParameters?: Pick<CustomParameters, 'check' | 'stateOf'>;
  readonly now: () => Date;
  readonly newId: () => string;
}
