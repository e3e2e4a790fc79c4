import type { Account } from '../account.ts';
import type { Row } from '../data/types.ts';
import { mix } from '../random.ts';
import { parseSeconds } from '../time.ts';
import { note } from '../world.ts';
import { type Answer, ApiError, accountOf, type Call, missing, nowText, one } from './call.ts';

function packetOf(call: Call): { account: Account; i: number; id: number } {
  const account = accountOf(call);
  const id = call.params['formPacketId'] as number;
  const i = account.packets.table.find(id, { location: call.location as number });
  if (i < 0) throw missing('Form packet', id);
  return { account, i, id };
}

function withAnswers(account: Account, i: number): Row {
  return { ...account.packets.table.row(i), forms: account.packets.formsOf(i, true) };
}

function checkTemplates(account: Account, ids: number[]): number[] {
  const unknown = ids.find((id) => !account.small.templates.some((template) => template.row['id'] === id));
  if (unknown !== undefined) throw missing('Form template', unknown);
  return [...new Set(ids)];
}

/** Writes values into unanswered fields; says which names were taken and which passed over. */
function prefill(
  account: Account,
  i: number,
  values: Record<string, string>,
): { prefilled: string[]; skipped: string[] } {
  const { table, formsOf, prefilled } = account.packets;
  const elements = (table.row(i)['formTemplateIds'] as number[]).flatMap(
    (id) => account.small.templates.find((template) => template.row['id'] === id)?.elements ?? [],
  );
  const fields = new Set(
    elements.filter((element) => element['fieldType'] !== 'PAYMENT').map((element) => element['attributeName']),
  );
  const answered = new Set(formsOf(i, true).flatMap((form) => Object.keys(form['mappedAnswers'] as Row)));
  const names = Object.keys(values);
  const taken = names.filter((name) => fields.has(name) && !answered.has(name));
  const given = Object.fromEntries(taken.map((name) => [name, String(values[name])]));
  prefilled.set(i, { ...prefilled.get(i), ...given });
  return { prefilled: taken, skipped: names.filter((name) => !taken.includes(name)) };
}

/** GET …/form/{formPacketId}, and the bare array of its forms under the newer sub-path. */
export function getFormPacket(call: Call): Answer {
  const { account, i } = packetOf(call);
  if (call.bare) return { kind: 'bare', rows: account.packets.formsOf(i, true) };
  return one(call.query.get('includeAnswers') === true ? withAnswers(account, i) : account.packets.table.row(i));
}

/** POST …/form */
export function createFormPacket(call: Call): Answer {
  const account = accountOf(call);
  const { body, world } = call;
  const patient = account.patients.table.get({}, body['patientId'] as number);
  if (patient === undefined) throw missing('Patient', body['patientId'] as number);
  let templates = body['formTemplateIds'] as number[] | undefined;
  if (templates === undefined) {
    const groupId = body['formTemplateGroupId'] as number;
    const group = account.catalogues.get('form_template_groups')?.get({}, groupId);
    if (group === undefined) throw missing('Form template group', groupId);
    templates = group['formTemplateIds'] as number[];
  }
  const place = account.context.locations[call.location as number] as (typeof account.context.locations)[number];
  const due = parseSeconds(body['dueDate']);
  const { table } = account.packets;
  const i = table.create(call.location as number, world.now, {
    patientId: body['patientId'],
    patientName: `${String(patient['firstName'])} ${String(patient['lastName'])}`,
    formTemplateIds: checkTemplates(account, templates),
    dueDate: due === null ? null : world.clock.local(due, place.zone),
  });
  if (body['prefill'] !== undefined) prefill(account, i, body['prefill'] as Record<string, string>);
  note(world, account, 'form_packets', table.spec.ids.of(i), 'created');
  return one(table.row(i), 201);
}

/** PUT …/form/{formPacketId} */
export function updateFormPacket(call: Call): Answer {
  const { account, i, id } = packetOf(call);
  const { body, world } = call;
  const { table } = account.packets;
  const before = table.row(i);
  if (before['isArchived'] === true) throw new ApiError(409, 'The packet is archived');
  const zone = account.context.locations[call.location as number]?.zone as string;
  const fields: Row = { updatedAt: nowText(call) };
  const due = parseSeconds(body['dueDate']);
  if (due !== null) fields['dueDate'] = world.clock.local(due, zone);
  if (body['addFormTemplateIds'] !== undefined)
    fields['formTemplateIds'] = checkTemplates(account, [
      ...(before['formTemplateIds'] as number[]),
      ...(body['addFormTemplateIds'] as number[]),
    ]);
  if (body['status'] !== undefined) {
    const status = String(body['status']);
    if (!['PENDING', 'IN_PROGRESS', 'COMPLETED', 'ARCHIVED'].includes(status))
      throw new ApiError(400, `Unknown status ${status}`);
    const done = status === 'COMPLETED';
    Object.assign(fields, { status, isArchived: status === 'ARCHIVED', isActive: status !== 'ARCHIVED' });
    fields['completedAt'] = done ? world.clock.local(world.now, zone) : before['completedAt'];
  }
  table.change(i, fields);
  note(world, account, 'form_packets', id, 'updated');
  return one(table.row(i));
}

/** PUT …/form/{formPacketId}/archive; a second call changes nothing. */
export function archiveFormPacket(call: Call): Answer {
  const { account, i, id } = packetOf(call);
  const { table } = account.packets;
  if (table.row(i)['isArchived'] !== true) {
    table.change(i, { status: 'ARCHIVED', isArchived: true, isActive: false, updatedAt: nowText(call) });
    note(call.world, account, 'form_packets', id, 'updated');
  }
  return one(table.row(i));
}

/** POST …/form/{formPacketId}/prefill */
export function prefillFormFields(call: Call): Answer {
  const { account, i, id } = packetOf(call);
  const result = prefill(account, i, call.body['prefill'] as Record<string, string>);
  if (result.prefilled.length > 0) {
    account.packets.table.change(i, { updatedAt: nowText(call) });
    note(call.world, account, 'form_packets', id, 'updated');
  }
  return one({ ...result });
}

/** GET …/form/{formPacketId}/pdf */
export function getFormPacketPdf(call: Call): Answer {
  const { id } = packetOf(call);
  const signature = mix(call.world.settings.seed, id).toString(36);
  const expiresAt = call.world.clock.utc(call.world.now + 900);
  return one({ url: `https://files.example.com/packet-${String(id)}.pdf?signature=${signature}`, expiresAt });
}

/** GET …/form/{formPacketId}/url */
export function getFormPacketUrl(call: Call): Answer {
  const { id } = packetOf(call);
  return one({ url: `https://forms.example.com/p/${mix(call.world.settings.seed + 1, id).toString(36)}` });
}

/** GET …/invoice/{invoiceId}/pdf */
export function getInvoicePdf(call: Call): Answer {
  const account = accountOf(call);
  const id = call.params['invoiceId'] as number;
  if (account.invoices.table.find(id, { location: call.location as number }) < 0) throw missing('Invoice', id);
  const signature = mix(call.world.settings.seed, id).toString(36);
  const expiresAt = call.world.clock.utc(call.world.now + 900);
  return one({ url: `https://files.example.com/invoice-${String(id)}.pdf?signature=${signature}`, expiresAt });
}
