/**
 * How much a column reveals about a person. Masked views, column comments, log redaction and the canary test are derived from
 * this classification. A field that is not classified counts as `direct`.
 *
 * - `direct`: names the person alone (name, e-mail, phone, address line, payment link)
 * - `quasi`: names the person together with other data (birth date, postal code, ids, exact times)
 * - `clinical`: what is known about their health or their money
 * - `operational`: about the clinic, not about a person
 */
export type PhiClass = 'direct' | 'quasi' | 'clinical' | 'operational';
