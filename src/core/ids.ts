/** Whether a text is an id of Lobbie: a positive whole number of 19 digits at most, as a bigint of Postgres has. */
export const isId = (text: string): boolean => /^[1-9]\d{0,18}$/.test(text);
