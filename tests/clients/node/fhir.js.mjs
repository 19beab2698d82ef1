/** fhir.js 0.0.22, an older library still in use: node fhir.js.mjs ADDRESS TOKEN. https://github.com/FHIR/fhir.js */

import assert from 'node:assert/strict';
import test from 'node:test';

import fhirClient from 'fhir.js';

import { SYSTEM, person, personAndVisit, reads, statuses, unique, versions, visit } from './invented.mjs';

const client = fhirClient({ baseUrl: process.argv[2], auth: { bearer: process.argv[3] } });
const create = async (resource, headers) => (await client.create({ resource, headers })).data;
const found = (answer) => answer.data.entry.map((item) => item.resource.id);

test('a record is made, read, changed and deleted', async () => {
  const made = await client.create({ resource: person(unique()) });
  const { id } = made.data;
  assert.equal(made.status, 201);
  await client.update({ resource: { ...made.data, active: true } });
  const read = await client.read({ type: 'Patient', id });
  assert.deepEqual([read.data.meta.versionId, read.data.active, read.data.name], ['2', true, made.data.name]);
  assert.equal((await client.delete({ type: 'Patient', id })).status, 204);
  const gone = await client.read({ type: 'Patient', id }).catch((answer) => answer);
  assert.equal(gone.status, 410);
});

test('a conditional create makes one record', async () => {
  const name = unique();
  const headers = { 'If-None-Exist': `identifier=${SYSTEM}|${name}` };
  const made = await create(person(name), { ...headers });
  assert.equal((await create(person(name), { ...headers })).id, made.id);
});

test('a conditional update makes a record, then changes it', async () => {
  const name = unique();
  const query = { identifier: `${SYSTEM}|${name}` };
  assert.equal((await client.conditionalUpdate({ resource: person(name), query })).status, 201);
  const changed = await client.conditionalUpdate({ resource: person(name, { active: true }), query });
  assert.deepEqual([changed.status, changed.data.meta.versionId], [200, '2']);
  assert.equal((await client.conditionalDelete({ type: 'Patient', query })).status, 204);
});

test('an update of a former version is refused', async () => {
  const made = await create(person(unique()));
  await client.update({ resource: { ...made, active: true } });
  const stale = client.update({ resource: { ...made, active: false }, headers: { 'If-Match': 'W/"1"' } });
  assert.equal((await stale.catch((answer) => answer)).status, 412);
});

test('parts are changed by JSON Patch', async () => {
  const { id } = await create(person(unique()));
  const data = [{ op: 'replace', path: '/birthDate', value: '1990-05-18' }];
  const patched = await client.patch({ type: 'Patient', id, data });
  assert.deepEqual([patched.data.meta.versionId, patched.data.birthDate], ['2', '1990-05-18']);
});

test('former versions are read', async () => {
  const made = await create(person(unique()));
  const { id } = made;
  await client.update({ resource: { ...made, active: true } });
  const former = await client.vread({ type: 'Patient', id, versionId: '1' });
  assert.equal(former.data.active, undefined);
  assert.deepEqual(versions((await client.resourceHistory({ type: 'Patient', id })).data), ['2', '1']);
  assert.equal((await client.typeHistory({ type: 'Patient' })).data.entry[0].resource.id, id);
  assert.equal((await client.history({})).data.type, 'history');
});

test('a search takes several parameters', async () => {
  const name = unique();
  for (const birthDate of ['1989', '1990', '1991']) await create(person(name, { birthDate }));
  const born = { $and: [{ $ge: '1990' }, { $le: '1991' }] };
  const query = { family: name, gender: 'female', birthdate: born, $sort: ['-birthdate'] };
  const women = await client.search({ type: 'Patient', query });
  assert.deepEqual(women.data.entry.map((item) => item.resource.birthDate), ['1991', '1990']);
  const either = { family: { $exact: name }, birthdate: { $or: ['1989', '1991'] } };
  assert.equal((await client.search({ type: 'Patient', query: either })).data.total, 2);
});

test('operators of former versions of FHIR are refused and not misread', async () => {
  for (const query of [{ birthdate: { $gte: '1990' } }, { $sort: [['birthdate', 'desc']] }]) {
    const refused = await client.search({ type: 'Patient', query }).catch((answer) => answer);
    assert.deepEqual([refused.status, refused.data.resourceType], [400, 'OperationOutcome']);
  }
});

test('what a record refers to comes with it and is resolved', async () => {
  const name = unique();
  const { id } = await create(person(name));
  const encounter = await create(visit(`Patient/${id}`));
  const search = (type, query) => client.search({ type, query }).then(found);
  assert.deepEqual(await search('Encounter', { _id: encounter.id, $include: { Encounter: 'subject' } }), [
    encounter.id,
    id,
  ]);
  assert.deepEqual(await search('Patient', { $has: { 'Encounter:subject:_id': encounter.id } }), [id]);
  assert.deepEqual(await search('Encounter', { subject: { $type: 'Patient', family: name } }), [encounter.id]);
  assert.equal((await client.resolve({ reference: encounter.subject })).data.id, id);
});

test('every page is read to the end, and back', async () => {
  const name = unique();
  for (let made = 0; made < 7; made += 1) await create(person(name));
  let answer = await client.search({ type: 'Patient', query: { family: name, _count: 3 } });
  const ids = found(answer);
  while (answer.data.link.some((link) => link.relation === 'next')) {
    answer = await client.nextPage({ bundle: answer.data });
    ids.push(...found(answer));
  }
  assert.deepEqual([ids.length, new Set(ids).size], [7, 7]);
  assert.deepEqual(found(await client.prevPage({ bundle: answer.data })), ids.slice(3, 6));
});

test('a transaction resolves references within itself', async () => {
  const { data } = await client.transaction({ bundle: personAndVisit(unique()) });
  assert.deepEqual(statuses(data), ['201', '201']);
  const [patient, encounter] = data.entry.map((item) => item.response.location.split('/_history')[0]);
  assert.equal((await client.resolve({ reference: { reference: encounter } })).data.subject.reference, patient);
});

test('a batch answers each entry for itself', async () => {
  const { id } = await create(person(unique()));
  const { data } = await client.transaction({ bundle: reads(`Patient/${id}`, 'Patient/nobody') });
  assert.deepEqual(statuses(data), ['200', '404']);
});

test('the capabilities are read', async () => {
  assert.equal((await client.conformance({})).data.fhirVersion, '4.0.1');
});

test('operations are asked for', async () => {
  const resource = await create(person(unique()));
  const outcome = await client.create({ type: 'Patient/$validate', resource });
  assert.deepEqual(outcome.data.issue.map((issue) => issue.severity), ['information']);
  const target = { resourceType: 'Patient', id: resource.id };
  const tag = [{ system: 'http://station.example/tags', code: 'mau' }];
  const data = { resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta: { tag } }] };
  await client.meta.add({ target, data });
  assert.deepEqual((await client.meta.read({ target })).data.parameter[0].valueMeta.tag, tag);
});

test('an error carries the OperationOutcome', async () => {
  const wrong = { resourceType: 'Patient', gender: 'x', birthDate: 'hôm qua' };
  const refused = await client.create({ resource: wrong }).catch((answer) => answer);
  assert.equal(refused.status, 400);
  const places = refused.data.issue.map((issue) => issue.expression[0]);
  assert.deepEqual(places, ['Patient.gender', 'Patient.birthDate']);
});
