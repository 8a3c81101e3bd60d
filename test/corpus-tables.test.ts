/** The folders of test/corpus about tables, walked both ways on one real server. */
import { walkCorpus } from './support/walk-corpus.ts';

walkCorpus('tables');
