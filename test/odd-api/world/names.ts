/** Invented people and places. Accents, apostrophes, other scripts and signs beyond 16 bits are there on purpose. */
export const FIRST_NAMES = [
  'Ysolde',
  'Bram',
  'Ñusta',
  'Oluwaseun',
  'Þóra',
  'Jean-Loup',
  'Mei',
  'Ragnhild',
  'Tariq',
  'Zsófia',
  "D'Arcy",
  'Kalliope',
  'Ümit',
  'Ivo',
  'Šárka',
  'Anwen',
  '美咲',
  'Дарина',
  'Lou',
  'Çiğdem',
] as const;

export const LAST_NAMES = [
  "O'Meara-Quist",
  'van der Plank',
  'Håkansdotter',
  'Łęcki',
  'Nwachukwu',
  'Brontë-Vale',
  'Ó Dálaigh',
  'Sørbø',
  'Tremaine',
  'Ibáñez Rey',
  'Straußberg',
  'de la Cruz',
  'Quillfeather',
  'Mbeki-Lund',
  '佐々木',
  'Ардатова',
  'Xu',
  'Winterbourne',
  'St. Cloud',
  'Ægidius',
] as const;

export const CITIES = [
  { city: 'Marfa', state: 'TX', zone: 'America/Chicago', postalCode: '79843' },
  { city: 'Española', state: 'NM', zone: 'America/Denver', postalCode: '87532' },
  { city: 'Wahiawa', state: 'HI', zone: 'Pacific/Honolulu', postalCode: '96786' },
  { city: "Coeur d'Alene", state: 'ID', zone: 'America/Los_Angeles', postalCode: '83814' },
  { city: 'Bar Harbor', state: 'ME', zone: 'America/New_York', postalCode: '04609' },
  { city: 'Bisbee', state: 'AZ', zone: 'America/Phoenix', postalCode: '85603' },
] as const;

export const STREETS = ['Quarry Rd', 'Calle Ñandú', 'Old Mill Lane', 'Rue de l’Étang', 'Harbor Way #4'] as const;

export const NOTES = [
  'brings an interpreter',
  'line one\nline two',
  'says "call after 5 pm"',
  'tab\tbetween, slash / and back\\slash',
  'prefers e-mail 📧',
  '   spaces around   ',
] as const;
