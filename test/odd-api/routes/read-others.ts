import type { Answer, Call } from '../http/call.ts';
import { answer, Refusal } from '../http/call.ts';
import { hash } from '../random.ts';
import { render } from '../wire/render.ts';
import type { Entry, Row } from '../world/collection.ts';

function labOf(call: Call): Entry {
  const lab = call.world.labs.find(call.params['labId'] ?? Number.NaN);
  if (lab === undefined || lab.home.locationId !== call.params['locationId']) throw new Refusal(404, 'no such lab');
  return lab;
}

function components(lab: Entry): Row[] {
  const panels = (lab.row['testPanels'] ?? []) as readonly Row[];
  return panels.flatMap((panel) => (panel['components'] ?? []) as Row[]);
}

/** The values of a lab, which live inside its panels. */
export function listTestComponents(call: Call): Answer {
  const lab = labOf(call);
  return answer(200, { testComponents: components(lab).map((row) => render(call.world, 'labs', lab, row, false)) });
}

export function getTestComponent(call: Call): Answer {
  const lab = labOf(call);
  const row = components(lab).find((component) => component['id'] === call.params['componentId']);
  if (row === undefined) throw new Refusal(404, 'no such component');
  return answer(200, render(call.world, 'labs', lab, row, true));
}

/** Free slots: epoch milliseconds and M/d/yyyy keys. */
export function getAvailability({ world, query, params }: Call): Answer {
  const number = (name: string): number => {
    const text = query.get(name);
    if (text === null || !/^\d+$/.test(text)) throw new Refusal(400, `${name} is needed`);
    return Number(text);
  };
  const setting = world.selfSchedulingSettings.find(number('selfSchedulingSettingId'));
  if (setting === undefined || setting.home.accountId !== params['accountId'])
    throw new Refusal(404, 'no such setting');
  const [start, end] = [number('startUnix'), number('endUnix')];
  number('locationId');
  number('appointmentTypeId');
  const practitionerId = (setting.row['practitionerIds'] as number[])[0] ?? 0;
  const slotsByDate: Record<string, unknown[]> = {};
  const hour = 3_600_000;
  for (let time = Math.ceil(start / hour) * hour; time < end && time < start + 500 * hour; time += hour) {
    if (hash(`slot/${time}`) % 3 !== 0) continue;
    const day = new Date(time);
    const key = `${day.getUTCMonth() + 1}/${day.getUTCDate()}/${day.getUTCFullYear()}`;
    slotsByDate[key] = [...(slotsByDate[key] ?? []), { startUnix: time, endUnix: time + hour, practitionerId }];
  }
  const practitioners = [{ practitionerId, displayName: 'Free soon', firstAvailableSlot: null }];
  return answer(200, { slotsByDate, practitioners, arePractitionersSelectable: false, timeZone: 'Etc/UTC' });
}
