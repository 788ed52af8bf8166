import { describe, inject } from 'vitest';
import { openMongoStore } from '../../src/store/mongo/open-mongo-store.ts';
import { stayStory } from '../end-to-end/stay-story.ts';

const server = inject('mongo');

describe.skipIf(server === undefined)(`MongoDB (${server?.name ?? 'needs a server: see docs/mongodb.md'})`, () => {
  stayStory('MongoDB', (settings) => {
    const url = new URL(server?.url ?? '');
    url.pathname = `/chartbridge_stay_${process.pid}`;
    return openMongoStore({ ...settings, url: url.href });
  });
});
