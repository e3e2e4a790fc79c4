/**
 * Test files that take long, with the seconds they took on two calm cores. Only their order counts, so the table need not be
 * exact; a file that takes more than a few seconds belongs in it.
 */
export const SECONDS: Readonly<Record<string, number>> = {
  'faults/faults': 174,
  'nightly/floor': 80,
  'integration/cli': 55,
  'faults/kill': 50,
  'push/doubt': 44,
  'push/kill': 40,
  'nightly/nightly': 39,
  'integration/cli-night': 34,
  'nightly/deletions': 30,
  'nightly/nothing-deleted': 30,
  'push/cli': 28,
  'faults/fault-day': 27,
  'integration/streams': 23,
  'integration/embedded': 19,
  'push/add': 18,
  'nightly/kill': 15,
  'integration/serve-push': 14,
  'integration/streams-data': 12,
  'push/queue': 11,
  'push/other-api': 11,
  'push/edges': 10,
  'faults/interruption': 9,
  'faults/phi': 7,
  'conformance/simulator-evolve': 5,
  'integration/serve-schedule': 4,
  'integration/serve-week': 4,
};
