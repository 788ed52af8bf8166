import { stayStory } from './stay-story.ts';

stayStory('SQLite');
