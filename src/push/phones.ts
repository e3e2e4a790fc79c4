import { parsePhoneNumberFromString } from 'libphonenumber-js/min';

/** The country of numbers without a country code: Lobbie's. */
const HOME = 'US';

/**
 * A phone number in its international form (`+12125550100`), equal for all ways to write it; undefined if the text is no number of any
 * country. Lobbie stores digits only, with the country code: digits are a number of the US if they can be one, else they begin with a
 * country code. Pure.
 */
export function internationalPhone(text: string): string | undefined {
  const digits = text.replaceAll(/\D/g, '');
  if (digits === '') return undefined;
  const international = text.trim().startsWith('+') || digits.length > 15;
  const home = international ? undefined : parsePhoneNumberFromString(text, HOME);
  if (home?.isPossible() && (home.country !== HOME || home.isValid())) return home.number;
  const abroad = parsePhoneNumberFromString(international ? text : `+${digits}`);
  return abroad?.isPossible() ? abroad.number : undefined;
}
