/** Invented records; every call of `unique` makes a name that nobody else has. */

import { randomUUID } from 'node:crypto';

export const SYSTEM = 'http://station.example/ids';
export const PERSON = 'urn:uuid:0b9a6f0e-6d8c-4f57-9d3c-0a4a5a1f0001';

export function unique() {
  return `mau-${randomUUID()}`;
}

export function person(name, elements = {}) {
  return {
    resourceType: 'Patient',
    identifier: [{ system: SYSTEM, value: name }],
    name: [{ text: `${name} Thị Mẫu`, family: name, given: ['Thị', 'Mẫu'] }],
    gender: 'female',
    birthDate: '1990-05-17',
    ...elements,
  };
}

export function visit(subject) {
  return {
    resourceType: 'Encounter',
    status: 'finished',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
    subject: { reference: subject },
    period: { start: '2026-03-02T06:30:00+07:00' },
  };
}

/** A transaction that makes a person and a visit which refers to the person within the bundle. */
export function personAndVisit(name) {
  const entry = [
    { fullUrl: PERSON, resource: person(name), request: { method: 'POST', url: 'Patient' } },
    { resource: visit(PERSON), request: { method: 'POST', url: 'Encounter' } },
  ];
  return { resourceType: 'Bundle', type: 'transaction', entry };
}

/** A batch that reads addresses. */
export function reads(...urls) {
  const entry = urls.map((url) => ({ request: { method: 'GET', url } }));
  return { resourceType: 'Bundle', type: 'batch', entry };
}

export function statuses(bundle) {
  return bundle.entry.map((item) => item.response.status);
}

export function versions(bundle) {
  return bundle.entry.map((item) => item.resource.meta.versionId);
}
