/** The value of a setting as SQL goes in; whether it switches something on comes out. */
export function isOn(value: string | undefined): boolean {
  return /^'?(1|true)'?$/.test(value ?? '');
}
