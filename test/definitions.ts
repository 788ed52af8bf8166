import { readDefinitions } from '../src/start/definitions-file.ts';

/** The definitions of R4, read once for all tests of a file. */
export const definitions = readDefinitions();
