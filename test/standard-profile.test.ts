/** What becomes of the profile that all users begin with, where profiles are declared for all and users come from a file. */
import { expect, test } from 'vitest';
import { standardProfile } from '../src/access/standard-profile.ts';
import { settingsProfile } from '../src/kinds/settings-profile.ts';
import type { Tree } from '../src/model/object.ts';

const profile = (value: object): Tree =>
  settingsProfile.declare({ value, place: () => undefined, keys: () => [] });

const live = (more: object = {}): Tree =>
  profile({ name: 'default', settings: { max_threads: '2' }, ...more });

const FOR_ALL = profile({ name: 'old_ways', settings: { compatibility: '25.3' }, to: 'all' });
const FOR_ONE = profile({ name: 'own', settings: { max_block_size: '1' }, to: ['amy'] });

const made = (...args: Parameters<typeof standardProfile>): unknown =>
  standardProfile(...args).trees.map(({ root: { attributes } }) => [
    attributes.settings,
    attributes.profiles,
  ]);
const told = (...args: Parameters<typeof standardProfile>): unknown =>
  standardProfile(...args).mistakes.map(({ reason }) => reason);

test('it is left alone where nothing is for all', () => {
  expect(made([FOR_ONE], { live: live(), held: [] })).toEqual([]);
  expect(made([], { live: undefined, held: [] })).toEqual([]);
});

test('it keeps what it says, and inherits what is for all', () => {
  const settings = live().root.attributes.settings;
  expect(made([FOR_ONE, FOR_ALL], { live: live(), held: [] })).toEqual([[settings, '`old_ways`']]);
  const again = live({ inherit: ['old_ways'] });
  expect(made([FOR_ALL], { live: again, held: ['old_ways'] })).toEqual([[settings, '`old_ways`']]);
  expect(made([], { live: again, held: ['old_ways'] })).toEqual([[settings, undefined]]);
});

test('what would count in the place of a profile for all is told', () => {
  expect(told([FOR_ALL], { live: live({ settings: { compatibility: '24.8' } }), held: [] })).toEqual([
    'the profile `default` of the server says `compatibility` itself, and that would count; take it out there',
  ]);
  expect(told([FOR_ALL], { live: live({ inherit: ['web'] }), held: [] })).toEqual([
    "the profile `default` of the server inherits `web` already, and a file can't add another; inherit it there",
  ]);
  expect(told([FOR_ALL], { live: undefined, held: [] })).toEqual([
    'it is meant for all, and no file of this server has the profile `default`, which all begin with',
  ]);
});
