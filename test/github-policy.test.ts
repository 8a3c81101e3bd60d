/** `plumbline.yaml` and CODEOWNERS: what they say, and what is wrong with them. */
import { describe, expect, it } from 'vitest';
import { readSettingsText } from '../src/declared/settings-text.ts';
import { parseCodeOwners } from '../src/github/code-owners.ts';
import { DeclarationError } from '../src/model/errors.ts';
import { DEFAULT_POLICY } from '../src/model/review.ts';

function mistakes(text: string): string[] {
  try {
    readSettingsText(text);
    return [];
  } catch (error) {
    if (!(error instanceof DeclarationError)) throw error;
    return error.findings.map(({ place, message }) => `${place?.line}:${place?.column} ${message}`);
  }
}

describe('plumbline.yaml', () => {
  it('asks for the defaults when it is empty', () => {
    for (const text of ['', '# nothing\n', '---\n', '{}', 'approval: {}']) {
      expect(readSettingsText(text).policy).toEqual(DEFAULT_POLICY);
    }
  });

  it('says what it asks for', () => {
    const text =
      'approval:\n  labels:\n    rebuild: may rebuild\n  author_may_allow: true\n  code_owners: true\n';
    expect(readSettingsText(text).policy).toEqual({
      labels: { destructive: 'plumbline:allow-destructive', rebuild: 'may rebuild' },
      authorMayAllow: true,
      codeOwners: true,
    });
  });

  it.each([
    ['aproval: {}', ['1:1 unknown key `aproval`; did you mean `approval`?']],
    ['approval:\n  code_owners: maybe\n', ['2:16 `code_owners` must be `true` or `false`, found `maybe`']],
    ['approval:\n  code_owners: yes\n', ['2:16 `code_owners` must be `true` or `false`, found `yes`']],
    ['approval:\n  code_owners:\n', ['2:3 `code_owners` has no value']],
    ['approval:\n', ['1:1 `approval` has no value']],
    [
      'approval: {labels: {destructive: "a,b"}}',
      ['1:34 `destructive` must be a label of 2 to 50 characters without a comma, found `a,b`'],
    ],
    ['approval: {labels: {destructive: [a]}}', [expect.stringContaining('1:34 `destructive` must be')]],
    ['- approval', [expect.stringContaining('1:1 the document must be a mapping')]],
    [
      '{}\n---\n{}',
      ['2:1 a policy is one document, not several'].map(() => expect.stringContaining('one document')),
    ],
    ['approval: {code_owners: true, code_owners: false}', [expect.stringContaining('duplicate key')]],
    ['approval: "\u0007"', [expect.stringContaining('1:12 a character')]],
    ['approval: {', [expect.stringContaining('not valid YAML')]],
  ])('is refused: %j', (text, expected) => {
    expect(mistakes(text)).toEqual(expected);
  });
});

describe('CODEOWNERS', () => {
  /** From GitHub's documentation, where each line is explained. */
  const example = parseCodeOwners(`
# Comment
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/* docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octologs
/apps2/ @octocat
/apps2/github
`);

  it.each([
    ['README.md', ['@global-owner1', '@global-owner2']],
    ['a/b/c.js', ['@js-owner']],
    ['x.go', ['docs@example.com']],
    ['a.txt', ['@octo-org/octocats']],
    ['build/other/a.md', ['@global-owner1', '@global-owner2']],
    ['build/logs/a/b.md', ['@octologs']],
    ['src/apps/a/b.ts', ['@octocat']],
    ['docs/getting-started.md', ['@doctocat']],
    ['docs/build-app/troubleshooting.md', ['@doctocat']],
    ['sub/docs/a.md', ['@global-owner1', '@global-owner2']],
    ['deeply/nested/logs/x.md', ['@octologs']],
    ['apps2/x.md', ['@octocat']],
    ['apps2/github', []],
    ['apps2/github/x.md', []],
  ])('says who owns %s', (path, owners) => {
    expect(example.ownersOf(path)).toEqual(owners);
  });

  it.each([
    ['docs/* @a', 'docs/x.md', ['@a']],
    ['docs/* @a', 'docs/b/x.md', []],
    ['/* @a', 'x.md', ['@a']],
    ['/* @a', 'docs/x.md', []],
    ['**/* @a', 'docs/deep/x.md', ['@a']],
    ['docs/** @a', 'docs/deep/x.md', ['@a']],
    ['**/docs/* @a', 'a/docs/x.md', ['@a']],
    ['**/docs/* @a', 'a/docs/b/x.md', []],
    ['/schemas/*.yaml @a', 'schemas/x.yaml', ['@a']],
    ['/schemas/*.yaml @a', 'schemas/eu/x.yaml', []],
    ['schemas @a', 'eu/schemas/x.yaml', ['@a']],
    ['Schemas/ @a', 'schemas/x.yaml', []],
    ['with\\ space/ @a', 'with space/x.yaml', ['@a']],
    ['/schemas/ @a # @b', 'schemas/x.yaml', ['@a']],
    ['!schemas/ @a', 'schemas/x.yaml', []],
    ['* @a\nschemas/[ab].yaml @b', 'schemas/a.yaml', ['@a']],
    ['* @a\nschemas/ not-an-owner', 'schemas/a.yaml', ['@a']],
    ['* @a\r\nschemas/ @b\r\n', 'schemas/a.yaml', ['@b']],
  ])('%j gives %s', (text, path, owners) => {
    expect(parseCodeOwners(text).ownersOf(path)).toEqual(owners);
  });
});
