/** Text that goes into a JSON body as it is, for what JSON.stringify can't write. */
export class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** JSON with the raw parts in place. */
export function writeJson(value: unknown): string {
  const raws: string[] = [];
  const text = JSON.stringify(value, (_key, part: unknown) => {
    if (!(part instanceof RawJson)) return part;
    raws.push(part.text);
    return `@raw${raws.length - 1}@`;
  });
  return raws.length === 0 ? text : text.replace(/"@raw(\d+)@"/g, (_all, index: string) => raws[Number(index)] ?? '');
}

/** The units of a text that fit a pattern of one unit, as JSON escapes them. */
export function escapeUnits(text: string, pattern: RegExp): string {
  return text.replaceAll(pattern, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
