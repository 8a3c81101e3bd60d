/** The folders of test/corpus about all other kinds, walked both ways on one real server. */
import { walkCorpus } from './support/walk-corpus.ts';

walkCorpus('others');
