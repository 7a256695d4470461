// Checks the sandbox's HubSpot with HubSpot's own client: node check.mjs http://127.0.0.1:8090 [-v]
// Prints each check that does not hold and how many do; ends with 1 where one does not.
import assert from 'node:assert/strict'
import { Client } from '@hubspot/api-client'
import { account, address, check, control, run } from '../checks.mjs'

const hubspot = new Client({ accessToken: `pat-${account}`, basePath: address, numberOfApiCallRetries: 0 })
const crm = hubspot.crm
const raw = (path, method = 'GET', body) => call(`/crm/${path}`, method, body)

async function call(path, method = 'GET', body) {
  const answer = await fetch(address + path, {
    method,
    headers: { Authorization: `Bearer pat-${account}`, 'Content-Type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body)
  })
  const text = await answer.text()
  let json
  try {
    json = text ? JSON.parse(text) : undefined
  } catch {
    json = undefined
  }
  return { status: answer.status, json, text }
}

/** The code and body with which a call of the client fails. */
async function failed(promise) {
  try {
    await promise
  } catch (e) {
    return { status: e.code, body: typeof e.body === 'string' ? JSON.parse(e.body) : e.body }
  }
  assert.fail('the call did not fail')
}

function isError(error, status, category) {
  assert.equal(error.status, status, JSON.stringify(error.body))
  assert.equal(error.body.status, 'error')
  assert.equal(error.body.category, category)
  assert.match(error.body.correlationId, /^[0-9a-f-]{36}$/)
  assert.equal(typeof error.body.message, 'string')
}

const unique = (() => {
  let n = 0
  return (what) => `${what}-${++n}`
})()
const type = (id, category = 'HUBSPOT_DEFINED') => ({ associationCategory: category, associationTypeId: id })
const contact = (properties = {}, associations = []) => crm.contacts.basicApi.create({ properties, associations })
const company = (name = unique('Acme')) => crm.companies.basicApi.create({ properties: { name }, associations: [] })

async function records() {
  await check('a contact is created with its properties as texts', async () => {
    const made = await contact({ email: 'Ann@Example.org', firstname: 'Ann' })
    assert.match(made.id, /^\d+$/)
    assert.equal(made.properties.email, 'ann@example.org')
    assert.equal(made.archived, false)
    assert.ok(made.createdAt instanceof Date && made.updatedAt instanceof Date)
  })
  await check('a contact is read by id with properties named one by one', async () => {
    const made = await contact({ firstname: 'Ann', city: 'Bonn' })
    const read = await crm.contacts.basicApi.getById(made.id, ['firstname', 'city', 'phone'])
    assert.equal(read.properties.firstname, 'Ann')
    assert.equal(read.properties.city, 'Bonn')
    assert.equal(read.properties.phone, null)
  })
  await check('a contact is read by its e-mail', async () => {
    const made = await contact({ email: 'by-mail@example.org' })
    const read = await crm.contacts.basicApi.getById('by-mail@example.org', undefined, undefined, undefined, false, 'email')
    assert.equal(read.id, made.id)
  })
  await check('a history has each value with its moment and source, newest first', async () => {
    const made = await contact({ city: 'Bonn' })
    await crm.contacts.basicApi.update(made.id, { properties: { city: 'Kiel' } })
    const read = await crm.contacts.basicApi.getById(made.id, undefined, ['city'])
    const versions = read.propertiesWithHistory.city
    assert.deepEqual(versions.map((v) => v.value), ['Kiel', 'Bonn'])
    assert.ok(versions.every((v) => v.sourceType === 'INTEGRATION' && v.timestamp instanceof Date))
  })
  await check('a list has histories too', async () => {
    const page = await crm.contacts.basicApi.getPage(5, undefined, ['city'], ['city', 'firstname'])
    assert.ok(page.results.every((one) => Array.isArray(one.propertiesWithHistory.city)))
  })
  await check('associations are read with a record', async () => {
    const acme = await company()
    const made = await contact({}, [{ to: { id: acme.id }, types: [type(1)] }])
    const read = await crm.contacts.basicApi.getById(made.id, undefined, undefined, ['companies', 'deals'])
    const types = read.associations.companies.results.map((one) => one.type).sort()
    assert.deepEqual(types, ['contact_to_company', 'contact_to_company_unlabeled'])
    assert.ok(read.associations.companies.results.every((one) => one.id === acme.id))
    assert.equal(read.associations.deals, undefined)
  })
  await check('associations are listed', async () => {
    const acme = await company()
    const made = await contact({}, [{ to: { id: acme.id }, types: [type(279)] }])
    const page = await crm.companies.basicApi.getPage(100, undefined, undefined, undefined, ['contacts'])
    const found = page.results.find((one) => one.id === acme.id)
    assert.equal(found.associations.contacts.results[0].id, made.id)
  })
  await check('a company that is not there fails a create', async () => {
    isError(await failed(contact({}, [{ to: { id: '99' }, types: [type(279)] }])), 400, 'VALIDATION_ERROR')
  })
  await check('a list has pages', async () => {
    for (let i = 0; i < 3; i++) await contact({})
    const first = await crm.contacts.basicApi.getPage(2)
    assert.equal(first.results.length, 2)
    assert.ok(first.paging.next.after && first.paging.next.link)
    const second = await crm.contacts.basicApi.getPage(2, first.paging.next.after)
    assert.notEqual(second.results[0].id, first.results[0].id)
  })
  await check('all pages are read', async () => {
    const all = await crm.contacts.getAll(3)
    assert.equal(new Set(all.map((one) => one.id)).size, all.length)
  })
  await check('a limit over 100 is rejected', async () => {
    isError(await failed(crm.contacts.basicApi.getPage(101)), 400, 'VALIDATION_ERROR')
  })
  await check('an update changes what it names and clears what is empty', async () => {
    const made = await contact({ firstname: 'Ann', city: 'Bonn' })
    const changed = await crm.contacts.basicApi.update(made.id, { properties: { city: '', lastname: 'Other' } })
    assert.equal(changed.properties.lastname, 'Other')
    assert.equal((await crm.contacts.basicApi.getById(made.id, ['city', 'firstname'])).properties.city || null, null)
  })
  await check('an update by e-mail', async () => {
    await contact({ email: 'up@example.org' })
    const changed = await crm.contacts.basicApi.update('up@example.org', { properties: { city: 'Ulm' } }, 'email')
    assert.equal(changed.properties.city, 'Ulm')
  })
  await check('an update without properties is rejected', async () => {
    const made = await contact({})
    isError(await failed(crm.contacts.basicApi.update(made.id, { properties: {} })), 400, 'VALIDATION_ERROR')
  })
  await check('an archived record is read where it is asked for', async () => {
    const made = await contact({ city: 'Bonn' })
    await crm.contacts.basicApi.archive(made.id)
    isError(await failed(crm.contacts.basicApi.getById(made.id)), 404, 'OBJECT_NOT_FOUND')
    const read = await crm.contacts.basicApi.getById(made.id, ['city'], undefined, undefined, true)
    assert.equal(read.archived, true)
    assert.ok(read.archivedAt instanceof Date)
    const page = await crm.contacts.basicApi.getPage(100, undefined, undefined, undefined, undefined, true)
    assert.ok(page.results.some((one) => one.id === made.id))
  })
  await check('archiving twice is no error', async () => {
    const made = await contact({})
    await crm.contacts.basicApi.archive(made.id)
    await crm.contacts.basicApi.archive(made.id)
  })
  await check('a missing record is not found, with its id in the context', async () => {
    const error = await failed(crm.contacts.basicApi.getById('4711'))
    isError(error, 404, 'OBJECT_NOT_FOUND')
    assert.deepEqual(error.body.context.id, ['4711'])
  })
  await check('an unknown idProperty is rejected', async () => {
    isError(await failed(crm.contacts.basicApi.getById('x', undefined, undefined, undefined, false, 'city')), 400, 'VALIDATION_ERROR')
  })
  for (const [property, value, code] of [['email', 'no', 'INVALID_EMAIL'], ['horn', 'x', 'PROPERTY_DOESNT_EXIST'],
    ['lifecyclestage', 'king', 'INVALID_OPTION'], ['hs_object_id', '1', 'READ_ONLY_VALUE']]) {
    await check(`a wrong ${property} is reported as JSON in the message`, async () => {
      const error = await failed(contact({ [property]: value }))
      isError(error, 400, 'VALIDATION_ERROR')
      const errors = JSON.parse(error.body.message.replace(/^Property values were not valid: /, ''))
      assert.deepEqual([errors[0].isValid, errors[0].error, errors[0].name], [false, code, property])
    })
  }
  await check('two wrong values are both reported', async () => {
    const error = await failed(contact({ email: 'no', horn: 'x' }))
    assert.equal(JSON.parse(error.body.message.slice(error.body.message.indexOf('['))).length, 2)
  })
  await check('an e-mail that is taken is a conflict with the id', async () => {
    const made = await contact({ email: 'taken@example.org' })
    const error = await failed(contact({ email: 'taken@example.org' }))
    isError(error, 409, 'CONFLICT')
    assert.equal(error.body.message, `Contact already exists. Existing ID: ${made.id}`)
  })
  await check('a merged id leads to the survivor', async () => {
    const one = await contact({ city: 'Bonn' })
    const other = await contact({ phone: '1' })
    const merged = await crm.contacts.basicApi.merge({ primaryObjectId: one.id, objectIdToMerge: other.id })
    const read = await crm.contacts.basicApi.getById(other.id, ['phone', 'city'])
    assert.equal(read.id, merged.id)
    assert.deepEqual([read.properties.city, read.properties.phone], ['Bonn', '1'])
  })
  await check('a record is deleted for good', async () => {
    const made = await contact({ email: 'forget@example.org' })
    await crm.contacts.basicApi.purge({ objectId: made.id })
    assert.equal((await raw(`v3/objects/contacts/${made.id}?archived=true`)).status, 404)
  })
  await check('a lifecycle stage goes back only when it is cleared first', async () => {
    const made = await contact({ lifecyclestage: 'customer' })
    await crm.contacts.basicApi.update(made.id, { properties: { lifecyclestage: 'lead' } })
    const stage = async () => (await crm.contacts.basicApi.getById(made.id, ['lifecyclestage'])).properties.lifecyclestage
    assert.equal(await stage(), 'customer')
    await crm.contacts.basicApi.update(made.id, { properties: { lifecyclestage: '' } })
    await crm.contacts.basicApi.update(made.id, { properties: { lifecyclestage: 'lead' } })
    assert.equal(await stage(), 'lead')
  })
  await check('a body that is no JSON is rejected', async () => {
    const answer = await fetch(`${address}/crm/v3/objects/contacts`, { method: 'POST', body: 'no',
      headers: { Authorization: `Bearer pat-${account}`, 'Content-Type': 'application/json' } })
    assert.equal(answer.status, 400)
    assert.equal((await answer.json()).category, 'VALIDATION_ERROR')
  })
  await check('an unknown token is unauthorized', async () => {
    isError(await failed(new Client({ accessToken: 'pat-nobody', basePath: address }).crm.contacts.basicApi.getPage()), 401,
      'INVALID_AUTHENTICATION')
  })
}

async function batches() {
  await check('a batch creates records with their associations', async () => {
    const acme = await company()
    const made = await crm.contacts.batchApi.create({ inputs: ['a', 'b'].map((name) => ({ properties: { lastname: name },
      objectWriteTraceId: name, associations: [{ to: { id: acme.id }, types: [type(279)] }] })) })
    assert.equal(made.status, 'COMPLETE')
    assert.deepEqual(made.results.map((one) => one.objectWriteTraceId).sort(), ['a', 'b'])
    const read = await crm.contacts.basicApi.getById(made.results[0].id, undefined, undefined, ['companies'])
    assert.equal(read.associations.companies.results[0].id, acme.id)
  })
  await check('a batch reports the bad record beside the good one', async () => {
    const made = await crm.contacts.batchApi.create({ inputs: [
      { properties: { email: 'good@example.org' }, objectWriteTraceId: 'g', associations: [] },
      { properties: { email: 'bad' }, objectWriteTraceId: 'b', associations: [] }] })
    assert.equal(made.numErrors, 1)
    assert.equal(made.results.length, 1)
    assert.deepEqual(made.errors[0].context.objectWriteTraceId, ['b'])
    for (const member of ['status', 'category', 'message', 'context', 'errors', 'links']) {
      assert.ok(member in made.errors[0], `errors[0].${member} is missing`)
    }
  })
  await check('without trace ids a bad record fails the batch', async () => {
    isError(await failed(crm.contacts.batchApi.create({ inputs: [{ properties: { email: 'ok@example.org' }, associations: [] },
      { properties: { email: 'bad' }, associations: [] }] })), 400, 'VALIDATION_ERROR')
  })
  await check('a batch reads by id with histories', async () => {
    const made = await contact({ city: 'Bonn' })
    const read = await crm.contacts.batchApi.read({ inputs: [{ id: made.id }], properties: ['city'], propertiesWithHistory: ['city'] })
    assert.equal(read.results[0].properties.city, 'Bonn')
    assert.equal(read.results[0].propertiesWithHistory.city.length, 1)
  })
  await check('a batch reads by e-mail and reports missing records', async () => {
    await contact({ email: 'batch@example.org' })
    const read = await crm.contacts.batchApi.read({ idProperty: 'email', inputs: [{ id: 'batch@example.org' }, { id: 'no@example.org' }],
      properties: ['email'], propertiesWithHistory: [] })
    assert.equal(read.results.length, 1)
    assert.equal(read.errors[0].category, 'OBJECT_NOT_FOUND')
    assert.deepEqual(read.errors[0].context.ids, ['no@example.org'])
  })
  await check('a batch updates', async () => {
    const made = await contact({})
    const done = await crm.contacts.batchApi.update({ inputs: [{ id: made.id, properties: { city: 'Ulm' } }] })
    assert.equal(done.results[0].properties.city, 'Ulm')
  })
  await check('a batch upserts and reports which records are new', async () => {
    const input = (city) => ({ inputs: [{ id: 'upsert@example.org', idProperty: 'email', properties: { city } }] })
    assert.equal((await crm.contacts.batchApi.upsert(input('Bonn'))).results[0]._new, true)
    assert.equal((await crm.contacts.batchApi.upsert(input('Kiel'))).results[0]._new, false)
  })
  await check('a batch archives', async () => {
    const made = await contact({})
    await crm.contacts.batchApi.archive({ inputs: [{ id: made.id }] })
    assert.equal((await failed(crm.contacts.basicApi.getById(made.id))).status, 404)
  })
  await check('a batch of more than 100 is rejected', async () => {
    isError(await failed(crm.contacts.batchApi.read({ inputs: Array.from({ length: 101 }, (_, i) => ({ id: `${i}` })), properties: [],
      propertiesWithHistory: [] })), 400, 'VALIDATION_ERROR')
  })
  await check('an id twice in a batch is rejected', async () => {
    const made = await contact({})
    const input = { id: made.id, properties: { city: 'Ulm' } }
    isError(await failed(crm.contacts.batchApi.update({ inputs: [input, input] })), 400, 'VALIDATION_ERROR')
  })
}

async function objects() {
  const timestamp = '2026-11-29T08:00:00Z'
  for (const [name, api, properties] of [
    ['companies', crm.companies, { name: 'Acme', domain: 'acme.example' }], ['deals', crm.deals, { dealname: 'One', amount: '12.5' }],
    ['tickets', crm.tickets, { subject: 'Help', hs_pipeline_stage: '1' }], ['products', crm.products, { name: 'Thing', price: '5' }],
    ['line items', crm.lineItems, { name: 'Thing', quantity: '2', price: '5' }],
    ['notes', crm.objects.notes, { hs_timestamp: timestamp, hs_note_body: 'seen' }],
    ['tasks', crm.objects.tasks, { hs_timestamp: timestamp, hs_task_subject: 'call', hs_task_status: 'NOT_STARTED' }],
    ['calls', crm.objects.calls, { hs_timestamp: timestamp, hs_call_title: 'first', hs_call_direction: 'OUTBOUND' }],
    ['emails', crm.objects.emails, { hs_timestamp: timestamp, hs_email_subject: 'hello', hs_email_direction: 'EMAIL' }],
    ['meetings', crm.objects.meetings, { hs_timestamp: timestamp, hs_meeting_title: 'met', hs_meeting_outcome: 'COMPLETED' }]]) {
    await check(`${name} are created, read, changed, listed, searched and archived`, async () => {
      const made = await api.basicApi.create({ properties, associations: [] })
      const first = Object.keys(properties)[Object.keys(properties).length > 1 && 'hs_timestamp' in properties ? 1 : 0]
      assert.equal((await api.basicApi.getById(made.id, [first])).properties[first], properties[first])
      assert.equal((await api.basicApi.update(made.id, { properties: { [first]: 'changed' } })).properties[first], 'changed')
      assert.ok((await api.basicApi.getPage(100)).results.some((one) => one.id === made.id))
      const found = await api.searchApi.doSearch({ filterGroups: [{ filters: [{ propertyName: first, operator: 'EQ', value: 'changed' }] }],
        sorts: [], properties: [first], limit: 10, after: '0' })
      assert.equal(found.total, 1)
      await api.basicApi.archive(made.id)
      assert.equal((await failed(api.basicApi.getById(made.id))).status, 404)
    })
  }
  await check('an engagement without its time is rejected, and the property is named', async () => {
    const error = await failed(crm.objects.notes.basicApi.create({ properties: { hs_note_body: 'seen' }, associations: [] }))
    isError(error, 400, 'VALIDATION_ERROR')
    assert.deepEqual(error.body.context.properties, ['hs_timestamp'])
  })
  await check('a note belongs to a contact from its beginning', async () => {
    const ann = await contact({})
    const note = await crm.objects.notes.basicApi.create({ properties: { hs_timestamp: timestamp }, associations: [{ to: { id: ann.id },
      types: [type(202)] }] })
    const read = await crm.objects.notes.basicApi.getById(note.id, undefined, undefined, ['contacts'])
    assert.deepEqual(read.associations.contacts.results, [{ id: ann.id, type: 'note_to_contact' }].map((one) =>
      Object.assign(Object.create(Object.getPrototypeOf(read.associations.contacts.results[0])), one)))
  })
  await check('a deal takes the stages of its pipeline alone', async () => {
    const deal = await crm.deals.basicApi.create({ properties: { dealname: 'One', dealstage: 'closedwon' }, associations: [] })
    assert.equal(deal.properties.pipeline, 'default')
    isError(await failed(crm.deals.basicApi.update(deal.id, { properties: { dealstage: 'Closed Won' } })), 400, 'VALIDATION_ERROR')
  })
  await check('an owner must be one', async () => {
    const owner = (await crm.owners.ownersApi.getPage()).results[0]
    assert.equal((await contact({ hubspot_owner_id: owner.id })).properties.hubspot_owner_id, owner.id)
    isError(await failed(contact({ hubspot_owner_id: '1' })), 400, 'VALIDATION_ERROR')
  })
}

async function properties() {
  const spec = (name, more = {}) => ({ name, label: name, type: 'string', fieldType: 'text', groupName: 'contactinformation', ...more })
  await check('properties are listed with all their members', async () => {
    const all = (await crm.properties.coreApi.getAll('contacts')).results
    for (const one of all) {
      assert.ok(one.name && one.label && one.type && one.fieldType && one.groupName !== undefined, one.name)
      assert.equal(typeof one.description, 'string')
      assert.ok(Array.isArray(one.options))
    }
    assert.ok(all.some((one) => one.name === 'email') && all.some((one) => one.name === 'hubspot_owner_id'))
  })
  await check('HubSpot\'s own properties say that they are', async () => {
    const email = await crm.properties.coreApi.getByName('contacts', 'email')
    assert.equal(email.hubspotDefined, true)
    assert.deepEqual([email.modificationMetadata.archivable, email.modificationMetadata.readOnlyDefinition], [false, true])
    const id = await crm.properties.coreApi.getByName('contacts', 'hs_object_id')
    assert.equal(id.modificationMetadata.readOnlyValue, true)
  })
  await check('a property is created and takes values', async () => {
    const made = await crm.properties.coreApi.create('contacts', spec('colour', { description: 'of the car' }))
    assert.deepEqual([made.name, made.description, made.groupName, made.archived], ['colour', 'of the car', 'contactinformation', false])
    assert.equal((await contact({ colour: 'red' })).properties.colour, 'red')
  })
  await check('a property that is there is a conflict', async () => {
    isError(await failed(crm.properties.coreApi.create('contacts', spec('colour'))), 409, 'OBJECT_ALREADY_EXISTS')
  })
  await check('a property lacks a member', async () => {
    isError(await failed(crm.properties.coreApi.create('contacts', { name: 'lacking', type: 'string' })), 400, 'VALIDATION_ERROR')
  })
  await check('a group that is not there is rejected', async () => {
    isError(await failed(crm.properties.coreApi.create('contacts', spec('grouped', { groupName: 'none' }))), 400, 'VALIDATION_ERROR')
  })
  await check('a type and a control that do not fit are rejected', async () => {
    isError(await failed(crm.properties.coreApi.create('contacts', spec('fitting', { type: 'number', fieldType: 'textarea' }))), 400,
      'VALIDATION_ERROR')
  })
  const options = ['gold', 'silver'].map((value, i) => ({ label: value.toUpperCase(), value, displayOrder: i, hidden: false }))
  await check('an enumeration keeps its options and checks them', async () => {
    const made = await crm.properties.coreApi.create('contacts', spec('grade', { type: 'enumeration', fieldType: 'select', options }))
    assert.deepEqual(made.options.map((one) => [one.label, one.value]), [['GOLD', 'gold'], ['SILVER', 'silver']])
    assert.equal((await contact({ grade: 'gold' })).properties.grade, 'gold')
    isError(await failed(contact({ grade: 'lead' })), 400, 'VALIDATION_ERROR')
    isError(await failed(contact({ grade: 'gold;silver' })), 400, 'VALIDATION_ERROR')
  })
  await check('checkboxes take several options', async () => {
    await crm.properties.coreApi.create('contacts', spec('grades', { type: 'enumeration', fieldType: 'checkbox', options }))
    assert.equal((await contact({ grades: 'gold;silver' })).properties.grades, 'gold;silver')
  })
  await check('an enumeration without options is rejected', async () => {
    isError(await failed(crm.properties.coreApi.create('contacts', spec('bare', { type: 'enumeration', fieldType: 'select' }))), 400,
      'VALIDATION_ERROR')
  })
  await check('an option more is taken', async () => {
    const more = [...options, { label: 'LEAD', value: 'lead', displayOrder: 2, hidden: false }]
    const changed = await crm.properties.coreApi.update('contacts', 'grade', { label: 'Grade', options: more })
    assert.deepEqual([changed.label, changed.options.length], ['Grade', 3])
    assert.equal((await contact({ grade: 'lead' })).properties.grade, 'lead')
  })
  await check('a unique property is a key', async () => {
    const made = await crm.properties.coreApi.create('contacts', spec('badge', { hasUniqueValue: true }))
    assert.equal(made.hasUniqueValue, true)
    const done = await crm.contacts.batchApi.upsert({ inputs: [{ id: 'B-1', idProperty: 'badge', properties: {} }] })
    assert.equal(done.results[0]._new, true)
  })
  await check('an archived property is gone, and listed as archived', async () => {
    await crm.properties.coreApi.archive('contacts', 'colour')
    assert.equal((await failed(crm.properties.coreApi.getByName('contacts', 'colour'))).status, 404)
    isError(await failed(contact({ colour: 'red' })), 400, 'VALIDATION_ERROR')
    const archived = (await crm.properties.coreApi.getAll('contacts', true)).results
    assert.ok(archived.some((one) => one.name === 'colour' && one.archived === true))
    assert.equal((await crm.properties.coreApi.getByName('contacts', 'colour', true)).archived, true)
  })
  await check('HubSpot\'s own properties are not archived', async () => {
    isError(await failed(crm.properties.coreApi.archive('contacts', 'email')), 400, 'VALIDATION_ERROR')
  })
  await check('properties are created, read and archived in batches', async () => {
    const made = await crm.properties.batchApi.create('contacts', { inputs: [spec('one_of'), spec('two_of')] })
    assert.equal(made.results.length, 2)
    const read = await crm.properties.batchApi.read('contacts', { archived: false, inputs: [{ name: 'one_of' }, { name: 'none_of' }] })
    assert.deepEqual([read.results.length, read.numErrors], [1, 1])
    await crm.properties.batchApi.archive('contacts', { inputs: [{ name: 'one_of' }, { name: 'two_of' }] })
    assert.equal((await failed(crm.properties.coreApi.getByName('contacts', 'one_of'))).status, 404)
  })
  await check('groups are created, read, changed and archived', async () => {
    const made = await crm.properties.groupsApi.create('contacts', { name: 'cars', label: 'Cars', displayOrder: 3 })
    assert.deepEqual([made.name, made.label, made.archived], ['cars', 'Cars', false])
    assert.equal((await crm.properties.groupsApi.update('contacts', 'cars', { label: 'Vehicles' })).label, 'Vehicles')
    assert.equal((await crm.properties.groupsApi.getByName('contacts', 'cars')).label, 'Vehicles')
    assert.ok((await crm.properties.groupsApi.getAll('contacts')).results.some((one) => one.name === 'contactinformation'))
    await crm.properties.groupsApi.archive('contacts', 'cars')
    assert.equal((await failed(crm.properties.groupsApi.getByName('contacts', 'cars'))).status, 404)
  })
  await check('a property that is not there is not found', async () => {
    isError(await failed(crm.properties.coreApi.getByName('contacts', 'horn')), 404, 'OBJECT_NOT_FOUND')
  })
}

async function directory() {
  await check('owners are listed, found by e-mail and read', async () => {
    const all = (await crm.owners.ownersApi.getPage()).results
    assert.ok(all.length >= 2 && all.every((one) => one.type === 'PERSON' && one.createdAt instanceof Date))
    const found = (await crm.owners.ownersApi.getPage(all[0].email)).results
    assert.deepEqual(found.map((one) => one.id), [all[0].id])
    assert.equal((await crm.owners.ownersApi.getById(Number(all[0].id))).email, all[0].email)
    assert.equal((await crm.owners.ownersApi.getById(all[0].userId, 'userId')).id, all[0].id)
  })
  await check('owners have pages', async () => {
    const page = await crm.owners.ownersApi.getPage(undefined, undefined, 1)
    assert.equal(page.results.length, 1)
    const next = await crm.owners.ownersApi.getPage(undefined, page.paging.next.after, 1)
    assert.notEqual(next.results[0].id, page.results[0].id)
  })
  await check('owners who left are archived', async () => {
    const gone = (await crm.owners.ownersApi.getPage(undefined, undefined, 100, true)).results
    assert.ok(gone.length > 0 && gone.every((one) => one.archived))
  })
  await check('an owner who is none is not found', async () => {
    isError(await failed(crm.owners.ownersApi.getById(1)), 404, 'OBJECT_NOT_FOUND')
  })
  await check('the pipeline of deals has its stages with their probability', async () => {
    const all = (await crm.pipelines.pipelinesApi.getAll('deals')).results
    assert.equal(all[0].id, 'default')
    assert.equal(all[0].stages.length, 7)
    for (const stage of all[0].stages) {
      assert.ok(stage.label && stage.metadata.probability && stage.createdAt instanceof Date && stage.writePermissions, stage.id)
    }
  })
  await check('the pipeline of tickets has its states', async () => {
    const one = await crm.pipelines.pipelinesApi.getById('tickets', '0')
    assert.deepEqual(one.stages.map((stage) => stage.metadata.ticketState), ['OPEN', 'OPEN', 'OPEN', 'CLOSED'])
  })
  let made
  await check('a pipeline is created and takes deals', async () => {
    made = await crm.pipelines.pipelinesApi.create('deals', { label: 'Renewals', displayOrder: 1, stages: [
      { label: 'Due', displayOrder: 0, metadata: { probability: '0.5' } }, { label: 'Renewed', displayOrder: 1, metadata: { probability: '1.0' } }] })
    assert.equal(made.stages.length, 2)
    const deal = await crm.deals.basicApi.create({ properties: { dealname: 'R', pipeline: made.id, dealstage: made.stages[0].id }, associations: [] })
    assert.equal(deal.properties.dealstage, made.stages[0].id)
    isError(await failed(crm.deals.basicApi.create({ properties: { dealname: 'R', dealstage: made.stages[0].id }, associations: [] })), 400,
      'VALIDATION_ERROR')
  })
  await check('its stages are options of the property', async () => {
    const values = (await crm.properties.coreApi.getByName('deals', 'dealstage')).options.map((one) => one.value)
    assert.ok(values.includes(made.stages[1].id) && values.includes('closedwon'))
    assert.ok((await crm.properties.coreApi.getByName('deals', 'pipeline')).options.some((one) => one.label === 'Renewals'))
  })
  await check('a pipeline is renamed and replaced', async () => {
    assert.equal((await crm.pipelines.pipelinesApi.update('deals', made.id, { label: 'Renewing', displayOrder: 2 })).label, 'Renewing')
    const spare = await crm.pipelines.pipelinesApi.create('deals', { label: 'Spare', displayOrder: 3, stages: [] })
    const other = await crm.pipelines.pipelinesApi.replace('deals', spare.id, { label: 'Other', displayOrder: 3, stages: [
      { label: 'Only', displayOrder: 0, metadata: { probability: '0.1' } }] })
    assert.deepEqual(other.stages.map((one) => one.label), ['Only'])
    await crm.pipelines.pipelinesApi.archive('deals', spare.id)
    assert.equal((await failed(crm.pipelines.pipelinesApi.getById('deals', spare.id))).status, 404)
  })
  await check('stages are created, read, changed and archived', async () => {
    const api = crm.pipelines.pipelineStagesApi
    const stage = await api.create('deals', made.id, { label: 'Late', displayOrder: 2, metadata: { probability: '0.2' } })
    assert.equal((await api.getById('deals', made.id, stage.id)).label, 'Late')
    assert.equal((await api.update('deals', made.id, stage.id, { label: 'Later', metadata: { probability: '0.1' } })).metadata.probability, '0.1')
    assert.equal((await api.replace('deals', made.id, stage.id, { label: 'Latest', displayOrder: 5, metadata: { probability: '0.3' } })).displayOrder, 5)
    assert.equal((await api.getAll('deals', made.id)).results.length, 3)
    await api.archive('deals', made.id, stage.id)
    assert.equal((await api.getAll('deals', made.id)).results.length, 2)
  })
  await check('a stage of deals has a probability', async () => {
    isError(await failed(crm.pipelines.pipelineStagesApi.create('deals', made.id, { label: 'No', displayOrder: 2, metadata: {} })), 400,
      'VALIDATION_ERROR')
  })
  await check('a pipeline has its history', async () => {
    const audit = (await crm.pipelines.pipelineAuditsApi.getAudit('deals', made.id)).results
    assert.equal(audit[0].action, 'CREATE')
  })
  await check('a pipeline that is none is not found', async () => {
    isError(await failed(crm.pipelines.pipelinesApi.getById('deals', 'none')), 404, 'OBJECT_NOT_FOUND')
  })
  await check('the account is described', async () => {
    const answer = await call('/account-info/v3/details')
    assert.equal(typeof answer.json.portalId, 'number')
    assert.ok(Array.isArray(answer.json.additionalCurrencies))
  })
}

async function schemas() {
  const name = `car_${Date.now().toString(36)}`
  let made
  await check('an object is created with its properties', async () => {
    made = await crm.schemas.coreApi.create({ name, labels: { singular: 'Car', plural: 'Cars' }, primaryDisplayProperty: 'model',
      requiredProperties: ['model'], searchableProperties: ['model'], secondaryDisplayProperties: [], associatedObjects: ['CONTACT'],
      allowsSensitiveProperties: false, properties: [{ name: 'model', label: 'Model', type: 'string', fieldType: 'text' },
        { name: 'vin', label: 'VIN', type: 'string', fieldType: 'text', hasUniqueValue: true }] })
    assert.match(made.objectTypeId, /^2-\d+$/)
    assert.match(made.fullyQualifiedName, /^p\d+_car/)
    assert.deepEqual([made.requiredProperties, made.labels.plural, made.primaryDisplayProperty], [['model'], 'Cars', 'model'])
    assert.ok(made.properties.some((one) => one.name === 'vin' && one.hasUniqueValue))
    assert.ok(made.associations.some((one) => one.toObjectTypeId === '0-1'))
  })
  await check('it is listed and read by each of its names', async () => {
    assert.ok((await crm.schemas.coreApi.getAll()).results.some((one) => one.name === name))
    for (const one of [name, made.objectTypeId, made.fullyQualifiedName]) {
      assert.equal((await crm.schemas.coreApi.getById(one)).id, made.id)
    }
  })
  await check('its records are made, read, found and associated', async () => {
    const ann = await contact({})
    const car = await crm.objects.basicApi.create(made.objectTypeId, { properties: { model: 'T', vin: '1' }, associations: [
      { to: { id: ann.id }, types: [{ associationCategory: 'USER_DEFINED', associationTypeId: Number(made.associations.find((one) =>
        one.toObjectTypeId === '0-1').id) }] }] })
    const read = await crm.objects.basicApi.getById(made.fullyQualifiedName, car.id, ['model'], undefined, ['contacts'])
    assert.equal(read.properties.model, 'T')
    assert.equal(read.associations.contacts.results[0].id, ann.id)
    const found = await crm.objects.searchApi.doSearch(name, { query: 't', filterGroups: [], sorts: [], properties: ['vin'], limit: 1, after: '0' })
    assert.equal(found.total, 1)
    const upserted = await crm.objects.batchApi.upsert(name, { inputs: [{ id: '1', idProperty: 'vin', properties: { model: 'A' } }] })
    assert.equal(upserted.results[0].id, car.id)
  })
  await check('what it requires is asked for', async () => {
    const error = await failed(crm.objects.basicApi.create(name, { properties: { vin: '2' }, associations: [] }))
    isError(error, 400, 'VALIDATION_ERROR')
    assert.deepEqual(error.body.context.properties, ['model'])
  })
  await check('it is changed', async () => {
    const changed = await crm.schemas.coreApi.update(made.objectTypeId, { labels: { singular: 'Auto', plural: 'Autos' }, clearDescription: false })
    assert.equal(changed.labels.singular, 'Auto')
  })
  await check('one with records is not archived', async () => {
    isError(await failed(crm.schemas.coreApi.archive(made.objectTypeId)), 400, 'VALIDATION_ERROR')
  })
  await check('an object of that name is a conflict', async () => {
    isError(await failed(crm.schemas.coreApi.create({ name, labels: {}, requiredProperties: [], searchableProperties: [],
      secondaryDisplayProperties: [], associatedObjects: [], allowsSensitiveProperties: false, properties: [] })), 409, 'OBJECT_ALREADY_EXISTS')
  })
}

async function associations() {
  const v4 = crm.associations.v4
  let ann
  let acme
  let label
  await check('two records are associated by default', async () => {
    ann = await contact({})
    acme = await company()
    const done = await v4.basicApi.createDefault('contacts', ann.id, 'companies', acme.id)
    assert.equal(done.status, 'COMPLETE')
    assert.ok(done.results.some((one) => one.associationSpec.associationTypeId === 279))
  })
  await check('an association is listed with its types', async () => {
    const page = await v4.basicApi.getPage('contacts', ann.id, 'companies')
    assert.equal(String(page.results[0].toObjectId), acme.id)
    assert.deepEqual(page.results[0].associationTypes.map((one) => [one.category, one.typeId, one.label ?? null]), [['HUBSPOT_DEFINED', 279, null]])
  })
  await check('a primary association is labelled from both sides', async () => {
    const done = await v4.basicApi.create('contacts', ann.id, 'companies', acme.id, [type(1)])
    assert.deepEqual([String(done.fromObjectId), done.fromObjectTypeId, String(done.toObjectId), done.toObjectTypeId, done.labels],
      [ann.id, '0-1', acme.id, '0-2', ['Primary']])
    const back = await v4.basicApi.getPage('companies', acme.id, 'contacts')
    assert.ok(back.results[0].associationTypes.some((one) => one.typeId === 2 && one.label === 'Contact with Primary Company'))
  })
  await check('labels are listed', async () => {
    const all = (await v4.schema.definitionsApi.getAll('contacts', 'companies')).results
    assert.ok(all.some((one) => one.typeId === 279) && all.some((one) => one.typeId === 1))
  })
  await check('a label is created with its inverse', async () => {
    const made = (await v4.schema.definitionsApi.create('contacts', 'companies', { label: 'Buyer', name: 'buyer', inverseLabel: 'Buys' })).results
    assert.equal(made.length, 2)
    label = made.find((one) => one.label === 'Buyer')
    assert.equal(label.category, 'USER_DEFINED')
  })
  await check('a label is used', async () => {
    const done = await v4.basicApi.create('contacts', ann.id, 'companies', acme.id, [type(label.typeId, 'USER_DEFINED')])
    assert.ok(done.labels.includes('Buyer'))
  })
  await check('a label is renamed', async () => {
    await v4.schema.definitionsApi.update('contacts', 'companies', { associationTypeId: label.typeId, label: 'Purchaser', inverseLabel: 'Buys' })
    assert.ok((await v4.schema.definitionsApi.getAll('contacts', 'companies')).results.some((one) => one.label === 'Purchaser'))
  })
  await check('a label is archived in a batch', async () => {
    await v4.batchApi.archiveLabels('contacts', 'companies', { inputs: [{ _from: { id: ann.id }, to: { id: acme.id },
      types: [type(label.typeId, 'USER_DEFINED')] }] })
    const page = await v4.basicApi.getPage('contacts', ann.id, 'companies')
    assert.ok(page.results[0].associationTypes.every((one) => one.typeId !== label.typeId))
  })
  await check('a label is deleted', async () => {
    await v4.schema.definitionsApi.remove('contacts', 'companies', label.typeId)
    assert.ok((await v4.schema.definitionsApi.getAll('contacts', 'companies')).results.every((one) => one.typeId !== label.typeId))
  })
  let deal
  await check('a batch associates', async () => {
    deal = await crm.deals.basicApi.create({ properties: { dealname: 'One' }, associations: [] })
    const done = await v4.batchApi.create('deals', 'contacts', { inputs: [{ _from: { id: deal.id }, to: { id: ann.id },
      types: [type(3)] }] })
    assert.equal(String(done.results[0].toObjectId), ann.id)
  })
  await check('a batch associates by default', async () => {
    const done = await v4.batchApi.createDefault('deals', 'companies', { inputs: [{ _from: { id: deal.id }, to: { id: acme.id } }] })
    assert.ok(done.results.length >= 1)
  })
  await check('a batch reads associations and reports records without any', async () => {
    const lone = await crm.deals.basicApi.create({ properties: { dealname: 'Lone' }, associations: [] })
    const read = await v4.batchApi.getPage('deals', 'contacts', { inputs: [{ id: deal.id }, { id: lone.id }] })
    assert.equal(String(read.results[0].to[0].toObjectId), ann.id)
    assert.equal(read.numErrors, 1)
    assert.equal(read.errors[0].subCategory, 'crm.associations.NO_ASSOCIATIONS_FOUND')
  })
  await check('a batch takes associations away', async () => {
    await v4.batchApi.archive('deals', 'contacts', { inputs: [{ _from: { id: deal.id }, to: [{ id: ann.id }] }] })
    assert.equal((await v4.basicApi.getPage('deals', deal.id, 'contacts')).results.length, 0)
  })
  await check('one is taken away', async () => {
    await v4.basicApi.archive('contacts', ann.id, 'companies', acme.id)
    assert.equal((await v4.basicApi.getPage('contacts', ann.id, 'companies')).results.length, 0)
  })
  await check('the older batches take types by name', async () => {
    const spec = { inputs: [{ _from: { id: ann.id }, to: { id: acme.id }, type: 'contact_to_company' }] }
    await crm.associations.batchApi.create('contacts', 'companies', spec)
    const read = await crm.associations.batchApi.read('contacts', 'companies', { inputs: [{ id: ann.id }] })
    assert.equal(read.results[0].to[0].id, acme.id)
    await crm.associations.batchApi.archive('contacts', 'companies', spec)
    assert.equal((await v4.basicApi.getPage('contacts', ann.id, 'companies')).results.length, 0)
  })
  await check('the older types are listed by name', async () => {
    const all = (await crm.associations.schema.typesApi.getAll('contacts', 'companies')).results
    assert.ok(all.some((one) => one.id === '1' && one.name === 'contact_to_company'))
  })
  await check('a limit is set, reported, enforced and removed', async () => {
    const limit = (maxToObjectIds) => ({ inputs: [{ category: 'HUBSPOT_DEFINED', typeId: 279, maxToObjectIds }] })
    // the client has the calls, but leads nobody to them
    const path = 'associations/v4/definitions/configurations'
    assert.equal((await raw(`${path}/contacts/companies/batch/create`, 'POST', limit(1))).status, 201)
    assert.equal((await raw(`${path}/contacts/companies/batch/update`, 'POST', limit(2))).status, 200)
    assert.equal((await raw(`${path}/contacts/companies`)).json.results[0].userEnforcedMaxToObjectIds, 2)
    assert.ok((await raw(`${path}/all`)).json.results.length >= 1)
    const bob = await contact({})
    for (let i = 0; i < 2; i++) await v4.basicApi.create('contacts', bob.id, 'companies', (await company()).id, [type(279)])
    isError(await failed(v4.basicApi.create('contacts', bob.id, 'companies', acme.id, [type(279)])), 400, 'VALIDATION_ERROR')
    assert.equal((await raw(`${path}/contacts/companies/batch/purge`, 'POST', { inputs: [{ category: 'HUBSPOT_DEFINED', typeId: 279 }] })).status, 204)
    await v4.basicApi.create('contacts', bob.id, 'companies', acme.id, [type(279)])
  })
  await check('a type that is none is rejected', async () => {
    isError(await failed(v4.basicApi.create('contacts', ann.id, 'companies', acme.id, [type(99)])), 400, 'VALIDATION_ERROR')
  })
  await check('a record that is none is not associated', async () => {
    isError(await failed(v4.basicApi.create('contacts', ann.id, 'companies', '99', [type(279)])), 400, 'VALIDATION_ERROR')
  })
  await check('objects have associations by their dated path', async () => {
    const answer = await raw(`objects/2026-09/contacts/${ann.id}/associations/companies/${acme.id}`, 'PUT', [type(279)])
    assert.equal(answer.status, 201)
    assert.equal((await raw('associations/2026-09/contacts/companies/batch/archive', 'POST', { inputs: [{ from: { id: ann.id },
      to: [{ id: acme.id }] }] })).status < 300, true)
  })
}

async function searches() {
  await control(`limits/${account}`, 'PUT', { search: { max: 10000, windowSeconds: 1 } })
  const search = (body) => crm.contacts.searchApi.doSearch({ filterGroups: [], sorts: [], properties: ['lastname'], limit: 10, after: '0', ...body })
  const filter = (propertyName, operator, more) => ({ filterGroups: [{ filters: [{ propertyName, operator, ...more }] }] })
  await check('a query looks through names and addresses', async () => {
    await contact({ firstname: 'Zacharias', lastname: 'Quill', email: 'zq@quill.example', city: 'Zwolle' })
    assert.equal((await search({ query: 'zacharias' })).total, 1)
    assert.equal((await search({ query: 'quill' })).total, 1)
    assert.equal((await search({ query: 'zwolle' })).total, 0)
  })
  await check('sorts may be texts', async () => {
    for (const lastname of ['s-1', 's-2', 's-3']) await contact({ lastname, company: 'Sorted' })
    const names = async (sorts) => (await search({ ...filter('company', 'EQ', { value: 'Sorted' }), sorts })).results.map((one) => one.properties.lastname)
    assert.deepEqual(await names(['lastname']), ['s-1', 's-2', 's-3'])
    assert.deepEqual(await names(['-lastname']), ['s-3', 's-2', 's-1'])
    assert.deepEqual(await names([{ propertyName: 'lastname', direction: 'DESCENDING' }]), ['s-3', 's-2', 's-1'])
  })
  for (const [operator, more, total] of [['EQ', { value: 's-1' }, 1], ['IN', { values: ['s-1', 's-2'] }, 2], ['GT', { value: 's-1' }, 2],
    ['GTE', { value: 's-1' }, 3], ['LT', { value: 's-3' }, 2], ['LTE', { value: 's-3' }, 3], ['BETWEEN', { value: 's-1', highValue: 's-2' }, 2],
    ['CONTAINS_TOKEN', { value: 's*' }, 3]]) {
    await check(`${operator} finds what it says`, async () => {
      const groups = [{ filters: [{ propertyName: 'lastname', operator, ...more }, { propertyName: 'company', operator: 'EQ', value: 'Sorted' }] }]
      assert.equal((await search({ filterGroups: groups })).total, total)
    })
  }
  for (const operator of ['NEQ', 'NOT_IN', 'HAS_PROPERTY', 'NOT_HAS_PROPERTY', 'NOT_CONTAINS_TOKEN']) {
    await check(`${operator} is taken`, async () => {
      const more = operator === 'NOT_IN' ? { values: ['s-1'] } : operator.endsWith('PROPERTY') ? {} : { value: 's-1' }
      assert.equal(typeof (await search(filter('lastname', operator, more))).total, 'number')
    })
  }
  await check('an operator that is none is rejected', async () => {
    isError(await failed(search(filter('lastname', 'LIKE', { value: 'x' }))), 400, 'VALIDATION_ERROR')
  })
  await check('a property that is none is rejected', async () => {
    isError(await failed(search(filter('horn', 'EQ', { value: 'x' }))), 400, 'VALIDATION_ERROR')
  })
  await check('200 a page are the most, and 10,000 a query', async () => {
    await search({ limit: 200 })
    isError(await failed(search({ limit: 201 })), 400, 'VALIDATION_ERROR')
    isError(await failed(search({ limit: 100, after: '9901' })), 400, 'VALIDATION_ERROR')
  })
  await check('a search has pages', async () => {
    const page = await search({ limit: 1 })
    assert.equal(page.paging.next.after, '1')
    assert.notEqual((await search({ limit: 1, after: '1' })).results[0].id, page.results[0].id)
  })
  await check('dated paths answer as the older ones', async () => {
    const body = { filterGroups: [], sorts: [], properties: ['lastname'], limit: 5, after: '0' }
    const [one, other] = [await raw('objects/2026-09/contacts/search', 'POST', body), await raw('v3/objects/contacts/search', 'POST', body)]
    assert.deepEqual(one.json, other.json)
    for (const path of ['owners/2026-09', 'pipelines/2026-09/deals', 'properties/2026-09/contacts']) {
      assert.equal((await raw(path)).status, 200, path)
    }
    assert.equal((await call('/crm-object-schemas/2026-09/schemas')).status, 200)
    assert.equal((await call('/account-info/2026-09/details')).status, 200)
  })
}

/** The client has no dated paths yet. */
async function datedPaths() {
  const ok = async (path, method, body, status = 200) => {
    const answer = await call(path, method, body)
    assert.equal(answer.status, status, `${method ?? 'GET'} ${path}: ${answer.text.slice(0, 300)}`)
    return answer.json
  }
  const objects = '/crm/objects/2026-09'
  let ann
  let acme
  await check('records are made, read, listed, changed and found', async () => {
    acme = await ok(`${objects}/companies`, 'POST', { properties: { name: 'Dated' }, associations: [] }, 201)
    ann = await ok(`${objects}/contacts`, 'POST', { properties: { lastname: 'Dated' }, associations: [{ to: { id: acme.id }, types: [type(279)] }] }, 201)
    const read = await ok(`${objects}/0-1/${ann.id}?properties=lastname&properties=city&propertiesWithHistory=lastname&associations=companies`)
    assert.deepEqual([read.properties.lastname, read.properties.city, read.propertiesWithHistory.lastname.length], ['Dated', null, 1])
    assert.equal(read.associations.companies.results[0].id, acme.id)
    await ok(`${objects}/contacts/${ann.id}`, 'PATCH', { properties: { city: 'Bonn' } })
    await ok(`${objects}/contacts?limit=5&associations=companies`)
    assert.equal((await ok(`${objects}/contacts/search`, 'POST', { query: 'dated', filterGroups: [], sorts: ['-createdate'], properties: [], limit: 5, after: '0' })).total, 1)
  })
  await check('batches create, read, update, upsert and archive', async () => {
    const made = await ok(`${objects}/contacts/batch/create`, 'POST', { inputs: [{ properties: { email: 'dated@example.org' }, associations: [] }] }, 201)
    const id = made.results[0].id
    await ok(`${objects}/contacts/batch/read`, 'POST', { inputs: [{ id }], properties: ['email'], propertiesWithHistory: [] })
    await ok(`${objects}/contacts/batch/update`, 'POST', { inputs: [{ id, properties: { city: 'Ulm' } }] })
    await ok(`${objects}/contacts/batch/upsert`, 'POST', { inputs: [{ id: 'dated@example.org', idProperty: 'email', properties: { city: 'Bonn' } }] })
    await ok(`${objects}/contacts/batch/archive`, 'POST', { inputs: [{ id }] }, 204)
  })
  await check('associations are made, read and taken away, by their ids as texts', async () => {
    const pair = await ok(`${objects}/contacts/${ann.id}/associations/companies/${acme.id}`, 'PUT', [type(1)], 201)
    assert.deepEqual([pair.fromObjectId, pair.toObjectId], [ann.id, acme.id])
    await ok(`${objects}/contacts/${ann.id}/associations/default/companies/${acme.id}`, 'PUT')
    const batch = '/crm/associations/2026-09/contacts/companies/batch'
    await ok(`${batch}/create`, 'POST', { inputs: [{ from: { id: ann.id }, to: { id: acme.id }, types: [type(279)] }] })
    await ok(`${batch}/associate/default`, 'POST', { inputs: [{ from: { id: ann.id }, to: { id: acme.id } }] })
    assert.equal((await ok(`${batch}/read`, 'POST', { inputs: [{ id: ann.id }] })).results[0].to[0].toObjectId, acme.id)
    await ok(`${batch}/labels/archive`, 'POST', { inputs: [{ from: { id: ann.id }, to: { id: acme.id }, types: [type(1)] }] })
    await ok(`${batch}/archive`, 'POST', { inputs: [{ from: { id: ann.id }, to: [{ id: acme.id }] }] })
    await ok('/crm/associations/2026-09/contacts/companies/labels')
  })
  await check('properties, groups, pipelines and owners', async () => {
    const path = '/crm/properties/2026-09/contacts'
    const spec = { name: 'dated_1', label: 'Dated', type: 'string', fieldType: 'text', groupName: 'contactinformation' }
    await ok(path, 'POST', spec, 201)
    await ok(`${path}/dated_1`, 'PATCH', { label: 'Later' })
    await ok(`${path}/batch/create`, 'POST', { inputs: [{ ...spec, name: 'dated_2' }] })
    await ok(`${path}/batch/read`, 'POST', { archived: false, inputs: [{ name: 'dated_2' }] })
    await ok(`${path}/batch/archive`, 'POST', { inputs: [{ name: 'dated_2' }] }, 204)
    await ok(`${path}/dated_1`, 'DELETE', undefined, 204)
    await ok(`${path}?archived=true`)
    await ok(`${path}/groups`)
    await ok('/crm/pipelines/2026-09/deals/default/stages')
    await ok('/crm/pipelines/2026-09/tickets/0/audit')
    await ok('/crm/owners/2026-09?limit=1')
    await ok('/crm-object-schemas/2026-09/schemas')
    await ok('/account-info/2026-09/api-usage/daily/private-apps')
  })
  await check('a merge', async () => {
    const other = await contact({ phone: '5' })
    await ok(`${objects}/contacts/merge`, 'POST', { primaryObjectId: ann.id, objectIdToMerge: other.id })
  })
}

await control(`accounts/${account}`, 'PUT', { crm: 'hubspot' })
await control(`limits/${account}`, 'PUT', { tenSecondly: { max: 100000, windowSeconds: 10 }, search: { max: 10000, windowSeconds: 1 } })
process.exit(await run([records, batches, objects, properties, directory, schemas, associations, searches, datedPaths]) ? 0 : 1)
