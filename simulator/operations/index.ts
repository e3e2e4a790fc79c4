import { createAppointment, updateAppointment } from './appointments.ts';
import type { Handler } from './call.ts';
import { createConversion, getConversion, updateConversion } from './conversions.ts';
import { createIdentityProof, getIdentityProofStatus, getPatient1, sendVerification, verifyCode } from './identity.ts';
import {
  archiveFormPacket,
  createFormPacket,
  getFormPacket,
  getFormPacketPdf,
  getFormPacketUrl,
  getInvoicePdf,
  prefillFormFields,
  updateFormPacket,
} from './packets.ts';
import { createPatient, deletePatient, updatePatient } from './patients.ts';
import type { Read } from './read-table.ts';
import { get, list } from './reads.ts';
import {
  attachPatient,
  createAppointment1,
  createAttempt,
  getAvailability,
  getSelfSchedulingAttempt,
} from './scheduling.ts';
import { createWebhook, deleteWebhook, testWebhook, updateWebhook } from './webhooks.ts';

const OTHERS: Record<string, Handler> = {
  createAppointment,
  updateAppointment,
  createFormPacket,
  getFormPacket,
  updateFormPacket,
  archiveFormPacket,
  getFormPacketPdf,
  prefillFormFields,
  getFormPacketUrl,
  getInvoicePdf,
  createIdentityProof,
  getIdentityProofStatus,
  getPatient1,
  sendVerification,
  verifyCode,
  createPatient,
  updatePatient,
  deletePatient,
  createConversion,
  getConversion,
  updateConversion,
  getAvailability,
  createAttempt,
  getSelfSchedulingAttempt,
  createAppointment1,
  attachPatientToSelfSchedulingAttempt: attachPatient,
  createWebhookEndpoint: createWebhook,
  updateWebhookEndpoint: updateWebhook,
  deleteWebhookEndpoint: deleteWebhook,
  testWebhookEndpoint: testWebhook,
  createWebhookEndpoint1: createWebhook,
  updateWebhookEndpoint1: updateWebhook,
  deleteWebhookEndpoint1: deleteWebhook,
  testWebhookEndpoint1: testWebhook,
};

/** The handler of an operation. @throws Error when the contract has an operation that the simulator does not know. */
export function handlerOf(operationId: string, reads: Readonly<Record<string, Read>>): Handler {
  const handler = OTHERS[operationId];
  if (handler !== undefined) return handler;
  const read = reads[operationId];
  if (read === undefined) throw new Error(`No handler for operation ${operationId}`);
  return read.id === undefined ? (call) => list(call, read) : (call) => get(call, read);
}
