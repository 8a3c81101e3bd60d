/** What options of commands may say, known without loading the commands. */

export const DR_FORMATS = ['text', 'json', 'markdown'] as const;
export const MISTAKE_FORMATS = ['text', 'sarif', 'junit'] as const;
export const LINT_FORMATS = ['text', 'json', 'sarif', 'junit'] as const;
export const SEVERITIES = ['warning', 'error'] as const;
export const FORMATS = ['text', 'json', 'markdown', 'sarif', 'junit'] as const;
export type Format = (typeof FORMATS)[number];
export const SCD_FORMATS = ['text', 'json'] as const;
export const ACCOUNTS = ['planner', 'applier'] as const;
export const BOOTSTRAP_FORMATS = ['sql', 'users_xml'] as const;
export const VERIFY_FORMATS = ['text', 'json', 'markdown'] as const;
export const FEDERATION_FORMATS = ['text', 'json', 'markdown'] as const;
