/** @medplum/core 5 against another server: node medplum.mjs ADDRESS TOKEN. https://www.medplum.com/docs/sdk/core */

import assert from 'node:assert/strict';
import test from 'node:test';

import { MedplumClient, OperationOutcomeError } from '@medplum/core';

import { SYSTEM, person, personAndVisit, reads, statuses, unique, versions } from './invented.mjs';

const [baseUrl, fhirUrlPath] = process.argv[2].split(/(?=fhir$)/);
const accessToken = process.argv[3];
const client = new MedplumClient({ baseUrl, fhirUrlPath, accessToken });
const ids = (resources) => resources.map((one) => one.id);

test('a record is made, read, changed and deleted', async () => {
  const made = await client.createResource(person(unique()));
  const changed = await client.updateResource({ ...made, active: true });
  assert.deepEqual([changed.meta.versionId, changed.active, changed.name], ['2', true, made.name]);
  assert.deepEqual(await client.readResource('Patient', made.id), changed);
  assert.deepEqual(await client.readReference({ reference: `Patient/${made.id}` }), changed);
  assert.equal((await client.updateResource(changed)).meta.versionId, '2');
  await client.deleteResource('Patient', made.id);
  const error = await client.readResource('Patient', made.id).catch((caught) => caught);
  assert.equal(error.outcome.issue[0].code, 'deleted');
});

test('a conditional create makes one record', async () => {
  const name = unique();
  const criteria = `identifier=${SYSTEM}|${name}`;
  const once = () => client.createResourceIfNoneExist(person(name), criteria);
  assert.equal(new Set(ids(await Promise.all([once(), once(), once()]))).size, 1);
});

test('a conditional update makes a record, then changes it', async () => {
  const name = unique();
  const criteria = `identifier=${SYSTEM}|${name}`;
  const made = await client.upsertResource(person(name), criteria);
  const changed = await client.upsertResource(person(name, { active: true }), criteria);
  assert.deepEqual([changed.id, changed.meta.versionId, changed.active], [made.id, '2', true]);
});

test('an update of a former version is refused', async () => {
  const made = await client.createResource(person(unique()));
  const ifMatch = { headers: { 'If-Match': 'W/"1"' } };
  await client.updateResource({ ...made, active: true }, ifMatch);
  const error = await client.updateResource({ ...made, active: false }, ifMatch).catch((caught) => caught);
  assert.equal(error.outcome.issue[0].code, 'conflict');
});

test('parts are changed by JSON Patch', async () => {
  const { id } = await client.createResource(person(unique()));
  const operations = [{ op: 'replace', path: '/birthDate', value: '1990-05-18' }];
  const patched = await client.patchResource('Patient', id, operations);
  assert.deepEqual([patched.meta.versionId, patched.birthDate], ['2', '1990-05-18']);
});

test('former versions are read', async () => {
  const made = await client.createResource(person(unique()));
  await client.updateResource({ ...made, active: true });
  assert.equal((await client.readVersion('Patient', made.id, '1')).active, undefined);
  assert.deepEqual(versions(await client.readHistory('Patient', made.id)), ['2', '1']);
  assert.deepEqual(versions(await client.readHistory('Patient', made.id, { count: 1 })), ['2']);
});

test('a search takes several parameters, in the address and as a form', async () => {
  const name = unique();
  for (const birthDate of ['1989', '1990', '1991']) await client.createResource(person(name, { birthDate }));
  // A list in an object would be sent as alternatives, so what must hold together is a list of pairs.
  const born = [['birthdate', 'ge1990'], ['birthdate', 'le1991']];
  const query = [['family', name], ['gender', 'female'], ...born, ['_sort', '-birthdate']];
  const found = await client.searchResources('Patient', query);
  assert.deepEqual(found.map((one) => one.birthDate), ['1991', '1990']);
  assert.equal(found.bundle.total, 2);
  assert.equal((await client.searchOne('Patient', { family: name, _sort: 'birthdate' })).birthDate, '1989');
  const form = new URLSearchParams({ family: name, gender: 'female' }).toString();
  const posted = await client.post(client.fhirUrl('Patient', '_search'), form, 'application/x-www-form-urlencoded');
  assert.equal(posted.total, 3);
});

test('every page is read to the end', async () => {
  const name = unique();
  for (let made = 0; made < 7; made += 1) await client.createResource(person(name));
  const found = [];
  for await (const page of client.searchResourcePages('Patient', { family: name, _count: '3' })) {
    found.push(...page.map((item) => item.id));
  }
  assert.deepEqual([found.length, new Set(found).size], [7, 7]);
});

test('a transaction resolves references within itself', async () => {
  const answer = await client.executeBatch(personAndVisit(unique()));
  assert.deepEqual(statuses(answer), ['201', '201']);
  const [patient, encounter] = answer.entry.map((item) => item.response.location.split('/_history')[0]);
  assert.equal((await client.readReference({ reference: encounter })).subject.reference, patient);
});

test('a batch answers each entry for itself', async () => {
  const { id } = await client.createResource(person(unique()));
  assert.deepEqual(statuses(await client.executeBatch(reads(`Patient/${id}`, 'Patient/nobody'))), ['200', '404']);
});

test('reads at the same time are gathered into one batch', async () => {
  const { id } = await client.createResource(person(unique()));
  const gathering = new MedplumClient({ baseUrl, fhirUrlPath, accessToken, autoBatchTime: 20 });
  const [read, found, error] = await Promise.all([
    gathering.readResource('Patient', id),
    gathering.search('Patient', { _id: id }),
    gathering.readResource('Patient', 'nobody').catch((caught) => caught),
  ]);
  assert.deepEqual([read.id, found.total, error.outcome.issue[0].code], [id, 1, 'not-found']);
});

test('the capabilities are read', async () => {
  assert.equal((await client.get(client.fhirUrl('metadata'))).fhirVersion, '4.0.1');
});

test('operations that the library knows are answered', async () => {
  const made = await client.createResource(person(unique()));
  const outcome = await client.validateResource(made);
  assert.deepEqual(outcome.issue.map((issue) => issue.severity), ['information']);
  const everything = await client.readPatientEverything(made.id);
  assert.deepEqual(everything.entry.map((item) => item.resource.id), [made.id]);
  const summary = await client.readPatientSummary(made.id);
  assert.equal(summary.type, 'document');
  const url = 'http://hl7.org/fhir/ValueSet/administrative-gender';
  const genders = await client.valueSetExpand({ url });
  assert.ok(genders.expansion.contains.some((one) => one.code === 'female'));
});

test('an error carries the OperationOutcome', async () => {
  const wrong = { resourceType: 'Patient', gender: 'x', birthDate: 'hôm qua' };
  const error = await client.createResource(wrong).catch((caught) => caught);
  assert.ok(error instanceof OperationOutcomeError);
  const places = error.outcome.issue.map((issue) => issue.expression[0]);
  assert.deepEqual(places, ['Patient.gender', 'Patient.birthDate']);
  const absent = await client.readResource('Patient', 'nobody').catch((caught) => caught);
  assert.equal(absent.outcome.issue[0].code, 'not-found');
});
