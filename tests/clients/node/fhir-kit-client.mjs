/** fhir-kit-client 2: node fhir-kit-client.mjs ADDRESS TOKEN. https://github.com/Vermonster/fhir-kit-client */

import assert from 'node:assert/strict';
import test from 'node:test';

import { Client } from 'fhir-kit-client';

import { SYSTEM, person, personAndVisit, reads, statuses, unique, versions, visit } from './invented.mjs';

const client = new Client({ baseUrl: process.argv[2], bearerToken: process.argv[3] });
const create = (body, options) => client.create({ resourceType: body.resourceType, body, options });

test('a record is made, read, changed and deleted', async () => {
  const made = await create(person(unique()));
  const { id } = made;
  await client.update({ resourceType: 'Patient', id, body: { ...made, active: true } });
  const read = await client.read({ resourceType: 'Patient', id });
  assert.deepEqual([read.meta.versionId, read.active, read.name], ['2', true, made.name]);
  const gone = await client.delete({ resourceType: 'Patient', id });
  assert.equal(Client.httpFor(gone).response.status, 204);
  await assert.rejects(client.read({ resourceType: 'Patient', id }), (error) => error.response.status === 410);
});

test('a conditional create makes one record', async () => {
  const name = unique();
  const options = { headers: { 'If-None-Exist': `identifier=${SYSTEM}|${name}` } };
  const made = await Promise.all([1, 2, 3, 4].map(() => create(person(name), options)));
  assert.equal(new Set(made.map((one) => one.id)).size, 1);
  const answered = made.map((one) => Client.httpFor(one).response.status).sort();
  assert.deepEqual(answered, [200, 200, 200, 201]);
});

test('a conditional update makes a record, then changes it', async () => {
  const name = unique();
  const searchParams = { identifier: `${SYSTEM}|${name}` };
  await client.update({ resourceType: 'Patient', searchParams, body: person(name) });
  const body = person(name, { active: true });
  const changed = await client.update({ resourceType: 'Patient', searchParams, body });
  assert.deepEqual([changed.meta.versionId, changed.active], ['2', true]);
});

test('an update of a former version is refused', async () => {
  const made = await create(person(unique()));
  const options = { headers: { 'If-Match': Client.httpFor(made).response.headers.get('etag') } };
  const change = (active) =>
    client.update({ resourceType: 'Patient', id: made.id, body: { ...made, active }, options });
  await change(true);
  await assert.rejects(change(false), (error) => error.response.status === 412);
});

test('parts are changed by JSON Patch', async () => {
  const { id } = await create(person(unique()));
  const jsonPatch = [{ op: 'replace', path: '/birthDate', value: '1990-05-18' }];
  const patched = await client.patch({ resourceType: 'Patient', id, jsonPatch });
  assert.deepEqual([patched.meta.versionId, patched.birthDate], ['2', '1990-05-18']);
});

test('former versions are read', async () => {
  const made = await create(person(unique()));
  const { id } = made;
  await client.update({ resourceType: 'Patient', id, body: { ...made, active: true } });
  const former = await client.vread({ resourceType: 'Patient', id, version: '1' });
  assert.equal(former.active, undefined);
  assert.deepEqual(versions(await client.history({ resourceType: 'Patient', id })), ['2', '1']);
  assert.equal((await client.history({ resourceType: 'Patient' })).entry[0].resource.id, id);
  assert.equal((await client.history()).type, 'history');
});

test('a search takes several parameters, in the address and as a form', async () => {
  const name = unique();
  for (const birthDate of ['1989', '1990', '1991']) await create(person(name, { birthDate }));
  const searchParams = { family: name, gender: 'female', birthdate: ['ge1990', 'le1991'], _sort: '-birthdate' };
  for (const postSearch of [false, true]) {
    const found = await client.search({ resourceType: 'Patient', searchParams, options: { postSearch } });
    assert.deepEqual([found.total, found.entry.map((item) => item.resource.birthDate)], [2, ['1991', '1990']]);
  }
  const ofBoth = { _type: 'Patient,Encounter', _lastUpdated: 'ge2026-01-01' };
  assert.ok((await client.search({ searchParams: ofBoth })).total >= 3);
});

test('the records of one person are searched in their compartment', async () => {
  const { id } = await create(person(unique()));
  const encounter = await create(visit(`Patient/${id}`));
  const compartment = { resourceType: 'Patient', id };
  const found = await client.search({ resourceType: 'Encounter', compartment, searchParams: { status: 'finished' } });
  assert.deepEqual(found.entry.map((item) => item.resource.id), [encounter.id]);
  const resolved = await client.resolve({ reference: encounter.subject.reference });
  assert.equal(resolved.id, id);
});

test('every page is read to the end, and back', async () => {
  const name = unique();
  for (let made = 0; made < 7; made += 1) await create(person(name));
  const ids = [];
  let last;
  let bundle = await client.search({ resourceType: 'Patient', searchParams: { family: name, _count: 3 } });
  while (bundle) {
    ids.push(...bundle.entry.map((item) => item.resource.id));
    last = bundle;
    bundle = await client.nextPage({ bundle });
  }
  assert.deepEqual([ids.length, new Set(ids).size], [7, 7]);
  const before = await client.prevPage({ bundle: last });
  assert.deepEqual(before.entry.map((item) => item.resource.id), ids.slice(3, 6));
});

test('pages of a form and of a history are read on', async () => {
  const name = unique();
  for (let made = 0; made < 3; made += 1) await create(person(name));
  const form = { searchParams: { family: name, _count: 2 }, options: { postSearch: true } };
  const first = await client.search({ resourceType: 'Patient', ...form });
  const rest = await client.nextPage({ bundle: first });
  assert.deepEqual([first.entry.length, rest.entry.length], [2, 1]);
  const newest = await client.request('Patient/_history?_count=2');
  const older = await client.nextPage({ bundle: newest });
  const seen = [...newest.entry, ...older.entry].map((item) => `${item.fullUrl} ${item.response.etag}`);
  assert.equal(new Set(seen).size, 4);
});

test('a transaction resolves references within itself', async () => {
  const answer = await client.transaction({ body: personAndVisit(unique()) });
  assert.deepEqual(statuses(answer), ['201', '201']);
  const [patient, encounter] = answer.entry.map((item) => item.response.location.split('/_history')[0]);
  assert.equal((await client.request(encounter)).subject.reference, patient);
});

test('a batch answers each entry for itself', async () => {
  const { id } = await create(person(unique()));
  const answer = await client.batch({ body: reads(`Patient/${id}`, 'Patient/nobody') });
  assert.deepEqual(statuses(answer), ['200', '404']);
});

test('the capabilities are read, and name where tokens are given', async () => {
  assert.equal((await client.capabilityStatement()).fhirVersion, '4.0.1');
  const { tokenUrl } = await client.smartAuthMetadata();
  assert.equal(`${tokenUrl}`, new URL('/auth/token', process.argv[2]).href);
});

test('operations are asked for by POST and by GET', async () => {
  const made = await create(person(unique()));
  const outcome = await client.operation({ name: 'validate', resourceType: 'Patient', input: made });
  assert.deepEqual(outcome.issue.map((issue) => issue.severity), ['information']);
  const meta = await client.operation({ name: '$meta', resourceType: 'Patient', id: made.id, method: 'GET' });
  assert.equal(meta.parameter[0].valueMeta.versionId, '1');
  const { id } = await create(visit(`Patient/${made.id}`));
  const all = await client.operation({ name: 'everything', resourceType: 'Patient', id: made.id, method: 'GET' });
  assert.deepEqual(all.entry.map((item) => item.resource.id).sort(), [id, made.id].sort());
});

test('an error carries the OperationOutcome', async () => {
  const error = await create({ resourceType: 'Patient', gender: 'x', birthDate: 'hôm qua' }).catch((caught) => caught);
  assert.equal(error.response.status, 400);
  const places = error.response.data.issue.map((issue) => issue.expression[0]);
  assert.deepEqual(places, ['Patient.gender', 'Patient.birthDate']);
  const wrong = client.search({ resourceType: 'Patient', searchParams: { shoe: '1' } });
  await assert.rejects(wrong, (caught) => caught.response.data.resourceType === 'OperationOutcome');
});
