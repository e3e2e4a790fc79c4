/** Which rows of one location belong to a patient: linked lists in two typed arrays, plus what came later. */
export class PatientIndex {
  #head: Int32Array;
  #next: Int32Array;
  #later = new Map<number, number[]>();

  /** @param patients number of patients at the start. @param count number of rows at the start. */
  constructor(patients: number, count: number, patientOf: (rank: number) => number) {
    this.#head = new Int32Array(patients).fill(-1);
    this.#next = new Int32Array(count);
    for (let rank = count - 1; rank >= 0; rank -= 1) {
      const patient = patientOf(rank);
      this.#next[rank] = this.#head[patient] ?? -1;
      if (patient < patients) this.#head[patient] = rank;
    }
  }

  /** Adds a row that came later or changed its patient. */
  add(patient: number, rank: number): void {
    const ranks = this.#later.get(patient);
    if (ranks === undefined) this.#later.set(patient, [rank]);
    else ranks.push(rank);
  }

  /** Ranks that may belong to the patient, ascending. */
  ranks(patient: number): number[] {
    const found = new Set<number>();
    for (let rank = this.#head[patient] ?? -1; rank >= 0; rank = this.#next[rank] as number) found.add(rank);
    for (const rank of this.#later.get(patient) ?? []) found.add(rank);
    return [...found].sort((a, b) => a - b);
  }
}
