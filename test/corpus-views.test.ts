/** The folders of test/corpus about views and dictionaries, walked both ways on one real server. */
import { walkCorpus } from './support/walk-corpus.ts';

walkCorpus('views');
