// Checks the sandbox's Salesforce with jsforce, an independent client: node check.mjs http://127.0.0.1:8090 [-v]
// Prints each check that does not hold and how many do; ends with 1 where one does not.
import assert from 'node:assert/strict'
import { createHash, createPrivateKey, createSign, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import jsforce from 'jsforce'
import StreamingExtension from 'jsforce/lib/api/streaming/extension.js'
import { account, address, check, control, run } from '../checks.mjs'

const client = { clientId: `sluice-${account}`, clientSecret: 'sluice', loginUrl: address }
const user = `sluice@example.org.${account}`
const version = '62.0'
let crm

/** Returns the error of a failing call, with the code that jsforce gives it. */
async function failed(promise) {
  try {
    await promise
  } catch (e) {
    return { code: e.errorCode ?? e.name, message: e.message }
  }
  assert.fail('the call did not fail')
}

async function refused(soql, code = 'MALFORMED_QUERY') {
  assert.equal((await failed(crm.query(soql))).code, code, soql)
}

const connect = options => new jsforce.Connection({ loginUrl: address, version, ...options })
const referee = async () => (await control('referee', 'GET')).accounts[account]
const names = rows => rows.map(row => row.Name).join(' ')
const one = async soql => (await crm.query(soql)).records[0]

function jwt(expires, audience = address) {
  const part = json => Buffer.from(JSON.stringify(json)).toString('base64url')
  const content = `${part({ alg: 'RS256' })}.${part({ iss: client.clientId, sub: 'sluice@example.org', aud: audience, exp: expires })}`
  const pem = readFileSync(process.env.SANDBOX_KEY ?? new URL('../../../sandbox/resources/io/sluice/sandbox/jwt-private.pem', import.meta.url))
  return `${content}.${createSign('RSA-SHA256').update(content).sign(createPrivateKey(pem)).toString('base64url')}`
}

async function logins() {
  const oauth2 = { ...client, redirectUri: 'http://127.0.0.1:1717/OauthRedirect' }
  const grant = params => connect({ oauth2: { ...client } }).authorize(params)
  const assertion = expires => ({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: jwt(expires) })
  const now = () => Math.floor(Date.now() / 1000)

  await check('client credentials log in', async () => {
    const info = await grant({ grant_type: 'client_credentials' })
    assert.match(info.id, /^005/)
    assert.match(info.organizationId, /^00D/)
  })
  await check('a wrong secret is refused', async () => {
    const error = await failed(connect({ oauth2: { ...client, clientSecret: 'no' } }).authorize({ grant_type: 'client_credentials' }))
    assert.equal(error.code, 'invalid_client')
  })
  await check('an unknown client is refused', async () => {
    const error = await failed(connect({ oauth2: { ...client, clientId: 'nobody' } }).authorize({ grant_type: 'client_credentials' }))
    assert.equal(error.code, 'invalid_client_id')
  })
  await check('an unknown grant is refused', async () => {
    assert.equal((await failed(grant({ grant_type: 'magic' }))).code, 'unsupported_grant_type')
  })
  await check('name and password log in by OAuth', async () => {
    const connection = connect({ oauth2: client })
    await connection.login(user, 'sluice')
    assert.equal((await connection.query('SELECT Id FROM User LIMIT 1')).totalSize, 1)
  })
  await check('a wrong password is refused by OAuth', async () => {
    assert.equal((await failed(connect({ oauth2: client }).login(user, 'no'))).code, 'invalid_grant')
  })
  await check('name and password log in by SOAP', async () => {
    const connection = connect()
    const info = await connection.login(user, 'sluice')
    assert.match(info.organizationId, /^00D/)
    assert.equal(new URL(connection.instanceUrl).host, new URL(address).host)
  })
  await check('a wrong password is refused by SOAP', async () => {
    assert.match((await failed(connect().login(user, 'no'))).message, /INVALID_LOGIN/)
  })
  await check('a near JWT logs in', async () => { await grant(assertion(now() + 180)) })
  await check('a JWT in milliseconds logs in, as the vendor\'s command line has it', async () => { await grant(assertion(Date.now() + 300)) })
  await check('a far JWT is refused', async () => { assert.equal((await failed(grant(assertion(now() + 3600)))).code, 'invalid_grant') })
  await check('a JWT of the past is refused', async () => { assert.equal((await failed(grant(assertion(now() - 60)))).code, 'invalid_grant') })
  await check('a JWT for another audience is refused', async () => {
    const error = await failed(grant({ ...assertion(0), assertion: jwt(now() + 60, 'https://example.org') }))
    assert.match(error.message, /audience/)
  })
  await check('a code logs in once, and gives a refresh token', async () => {
    const connection = connect({ oauth2 })
    const sent = await fetch(connection.oauth2.getAuthorizationUrl({ scope: 'api refresh_token', state: 's 1' }), { redirect: 'manual' })
    const back = new URL(sent.headers.get('location'))
    assert.equal(back.searchParams.get('state'), 's 1')
    await connection.authorize(back.searchParams.get('code'))
    assert.ok(connection.refreshToken)
    assert.equal((await failed(connect({ oauth2 }).authorize(back.searchParams.get('code')))).code, 'invalid_grant')
  })
  await check('a code with a challenge needs its verifier', async () => {
    const verifier = randomBytes(48).toString('base64url')
    const challenge = createHash('sha256').update(verifier).digest('base64url')
    const connection = connect({ oauth2 })
    const code = async () => new URL((await fetch(connection.oauth2.getAuthorizationUrl({ code_challenge: challenge, code_challenge_method: 'S256' }),
      { redirect: 'manual' })).headers.get('location')).searchParams.get('code')
    await connection.authorize(await code(), { code_verifier: verifier })
    assert.equal((await failed(connection.authorize(await code(), { code_verifier: 'x' }))).code, 'invalid_grant')
  })
  await check('a refresh token renews a dead session', async () => {
    const connection = connect({ oauth2, accessToken: 'dead', instanceUrl: address, refreshToken: `refresh-${account}` })
    let renewed = 0
    connection.on('refresh', () => renewed++)
    await connection.query('SELECT Id FROM User LIMIT 1')
    assert.equal(renewed, 1)
  })
  await check('a dead token is an invalid session', async () => {
    const error = await failed(connect({ accessToken: 'dead', instanceUrl: address }).query('SELECT Id FROM User'))
    assert.equal(error.code, 'INVALID_SESSION_ID')
  })
  await check('a logout ends the session', async () => {
    const connection = connect({ oauth2: client })
    await connection.login(user, 'sluice')
    const { accessToken } = connection
    await connection.logout()
    assert.equal((await failed(connect({ accessToken, instanceUrl: address }).query('SELECT Id FROM User'))).code, 'INVALID_SESSION_ID')
  })
  await check('a logout by SOAP ends the session', async () => {
    const connection = connect()
    await connection.login(user, 'sluice')
    const { accessToken } = connection
    await connection.logout()
    assert.equal((await failed(connect({ accessToken, instanceUrl: address }).query('SELECT Id FROM User'))).code, 'INVALID_SESSION_ID')
  })
  await check('the identity is whole', async () => {
    const identity = await crm.identity()
    for (const member of ['id', 'user_id', 'organization_id', 'username', 'nick_name', 'display_name', 'email', 'user_type', 'language', 'locale',
      'timezone', 'first_name', 'last_name', 'utcOffset', 'last_modified_date']) {
      assert.ok(member in identity, member)
    }
    for (const url of ['enterprise', 'metadata', 'partner', 'rest', 'sobjects', 'search', 'query', 'recent', 'profile']) {
      assert.ok(identity.urls[url].startsWith(address), url)
    }
    assert.ok(identity.photos.picture)
  })
  await check('the identity is found without a login answer', async () => {
    const connection = connect({ accessToken: crm.accessToken, instanceUrl: address })
    assert.match((await connection.identity()).user_id, /^005/)
  })
  await check('userinfo is whole', async () => {
    const info = await crm.request('/services/oauth2/userinfo')
    for (const member of ['sub', 'user_id', 'organization_id', 'preferred_username', 'nickname', 'name', 'email', 'email_verified',
      'given_name', 'family_name', 'zoneinfo', 'photos', 'profile', 'picture', 'urls', 'active', 'user_type', 'language', 'locale', 'utcOffset', 'updated_at']) {
      assert.ok(member in info, member)
    }
  })
}

async function fill() {
  await control(`fields/${account}/Contact/Hobbies__c`, 'PUT', { type: 'multipicklist', options: ['Chess', 'Golf', 'Tennis'] })
  await control(`fields/${account}/Account/Level__c`, 'PUT', { type: 'picklist', options: ['A', 'B'] })
  const accounts = await crm.sobject('Account').create([
    { Name: 'Acme', Ext_Id__c: 'A-1', Industry: 'Energy', NumberOfEmployees: 10, AnnualRevenue: 500 },
    { Name: 'Beta', Ext_Id__c: 'A-2', Industry: 'Energy', NumberOfEmployees: 30 },
    { Name: 'Core', Ext_Id__c: 'A-3', Industry: 'Banking', NumberOfEmployees: 5, AnnualRevenue: 70.5 },
    { Name: 'Dome', Ext_Id__c: 'A-4' }])
  const [acme, beta] = accounts.map(saved => saved.id)
  await crm.sobject('Contact').create([
    { Customer_No__c: 'C-1', LastName: 'Adams', AccountId: acme, Hobbies__c: 'Chess;Golf', Birthdate: '1980-05-01' },
    { Customer_No__c: 'C-2', LastName: 'Brown', AccountId: acme, Hobbies__c: 'Golf', Birthdate: '1980-11-30' },
    { Customer_No__c: 'C-3', LastName: 'Clark', AccountId: beta, Birthdate: '1991-01-07' },
    { Customer_No__c: 'C-4', LastName: "O'Dunn", Hobbies__c: 'Tennis' }])
  await crm.sobject('Opportunity').create({ Name: 'Deal', StageName: 'Closed Won', CloseDate: '2026-05-01', Amount: 99.5, AccountId: acme })
}

async function queries() {
  const last = async where => (await crm.query(`SELECT LastName FROM Contact WHERE ${where} ORDER BY LastName`)).records.map(r => r.LastName).join(' ')
  const expect = {
    "LastName = 'adams'": 'Adams',
    "LastName != 'Adams'": "Brown Clark O'Dunn",
    "LastName <> 'Adams'": "Brown Clark O'Dunn",
    "LastName > 'Brown'": "Clark O'Dunn",
    "LastName LIKE '_r%'": 'Brown',
    "(NOT LastName LIKE 'A%')": "Brown Clark O'Dunn",
    "NOT LastName LIKE 'A%'": "Brown Clark O'Dunn",
    "LastName IN ('Adams', 'Clark')": 'Adams Clark',
    "LastName NOT IN ('Adams', 'Clark')": "Brown O'Dunn",
    "LastName = 'O\\'Dunn'": "O'Dunn",
    'AccountId = null': "O'Dunn",
    'AccountId != null': 'Adams Brown Clark',
    "Account.Name = 'Acme'": 'Adams Brown',
    "Account.Industry = 'Energy' AND Birthdate < 1985-01-01": 'Adams Brown',
    "Hobbies__c INCLUDES ('Golf')": 'Adams Brown',
    "Hobbies__c INCLUDES ('Chess;Golf', 'Tennis')": "Adams O'Dunn",
    "Hobbies__c EXCLUDES ('Golf')": "Clark O'Dunn",
    "LastName = 'Adams' OR LastName = 'Brown'": 'Adams Brown',
    "(LastName = 'Adams' OR LastName = 'Brown') AND Birthdate > 1980-06-01": 'Brown',
    'Birthdate = 1980-05-01': 'Adams',
    'CALENDAR_YEAR(Birthdate) = 1980': 'Adams Brown',
    'DAY_IN_MONTH(Birthdate) = 7': 'Clark',
    'CreatedDate = TODAY': "Adams Brown Clark O'Dunn",
    'CreatedDate > YESTERDAY': "Adams Brown Clark O'Dunn",
    'CreatedDate < TODAY': '',
    'CreatedDate = LAST_N_DAYS:2': "Adams Brown Clark O'Dunn",
    'CreatedDate = LAST_N_WEEKS:2': '',
    'CreatedDate = THIS_FISCAL_YEAR': "Adams Brown Clark O'Dunn",
    "AccountId IN (SELECT Id FROM Account WHERE Name = 'Beta')": 'Clark',
    "Id IN (SELECT ContactId FROM Opportunity)": '',
    "AccountId IN (SELECT AccountId FROM Opportunity WHERE StageName = 'Closed Won')": 'Adams Brown'
  }
  for (const [where, found] of Object.entries(expect)) {
    await check(`WHERE ${where}`, async () => assert.equal(await last(where), found))
  }
  const accounts = await (async () => names((await crm.query('SELECT Name FROM Account WHERE Id NOT IN (SELECT AccountId FROM Contact) ORDER BY Name')).records))()
  await check('an anti-join finds parents without children', async () => assert.equal(accounts, 'Core Dome'))

  const orders = { 'Name DESC': 'Dome Core Beta Acme', 'AnnualRevenue, Name': 'Beta Dome Core Acme', 'AnnualRevenue DESC, Name': 'Beta Dome Acme Core',
    'AnnualRevenue NULLS LAST, Name': 'Core Acme Beta Dome', 'AnnualRevenue DESC NULLS LAST, Name DESC': 'Acme Core Dome Beta',
    'Industry, Name DESC LIMIT 2': 'Dome Core', 'Name LIMIT 2 OFFSET 1': 'Beta Core' }
  for (const [order, found] of Object.entries(orders)) {
    await check(`ORDER BY ${order}`, async () => assert.equal(names((await crm.query(`SELECT Name FROM Account ORDER BY ${order}`)).records), found))
  }

  await check('COUNT() returns a total without records', async () => {
    const answer = await crm.query('SELECT COUNT() FROM Account')
    assert.equal(answer.totalSize, 4)
    assert.equal(answer.done, true)
    assert.deepEqual(answer.records, [])
  })
  await check('sobject.count', async () => assert.equal(await crm.sobject('Contact').count({ LastName: { $like: 'A%' } }), 1))
  await check('aggregates without groups', async () => {
    const record = await one('SELECT COUNT(Id), COUNT(AnnualRevenue) known, COUNT_DISTINCT(Industry), SUM(NumberOfEmployees), AVG(AnnualRevenue), MIN(Name), MAX(NumberOfEmployees) most FROM Account')
    assert.deepEqual({ ...record, attributes: undefined }, { attributes: undefined, expr0: 4, known: 2, expr1: 2, expr2: 45, expr3: 285.25, expr4: 'Acme', most: 30 })
    assert.deepEqual(record.attributes, { type: 'AggregateResult' })
  })
  await check('groups', async () => {
    const groups = (await crm.query('SELECT Industry, COUNT(Id) n FROM Account GROUP BY Industry ORDER BY COUNT(Id) DESC, Industry NULLS LAST')).records
    assert.deepEqual(groups.map(g => [g.Industry, g.n]), [['Energy', 2], ['Banking', 1], [null, 1]])
  })
  await check('HAVING', async () => {
    const groups = (await crm.query("SELECT Industry FROM Account GROUP BY Industry HAVING COUNT(Id) > 1 AND Industry LIKE 'E%'")).records
    assert.deepEqual(groups.map(g => g.Industry), ['Energy'])
  })
  await check('groups by a part of a date', async () => {
    const groups = (await crm.query('SELECT CALENDAR_YEAR(Birthdate) y, COUNT(Id) FROM Contact WHERE Birthdate != null GROUP BY CALENDAR_YEAR(Birthdate) ORDER BY CALENDAR_YEAR(Birthdate)')).records
    assert.deepEqual(groups.map(g => [g.y, g.expr0]), [[1980, 2], [1991, 1]])
  })
  await check('groups by a field of the parent', async () => {
    const groups = (await crm.query('SELECT Account.Name, COUNT(Id) n FROM Contact WHERE AccountId != null GROUP BY Account.Name ORDER BY Account.Name')).records
    assert.deepEqual(groups.map(g => [g.Name, g.n]), [['Acme', 2], ['Beta', 1]])
  })
  await check('children', async () => {
    const records = (await crm.query('SELECT Name, (SELECT LastName FROM Contacts ORDER BY LastName DESC) FROM Account ORDER BY Name')).records
    assert.deepEqual(records[0].Contacts.records.map(c => c.LastName), ['Brown', 'Adams'])
    assert.equal(records[0].Contacts.totalSize, 2)
    assert.equal(records[2].Contacts, null)
  })
  await check('children by include()', async () => {
    const records = await crm.sobject('Account').find({ Name: 'Acme' }, 'Name').include('Contacts').select('LastName').limit(1).end()
      .include('Opportunities').select('Name, Amount').end()
    assert.equal(records[0].Contacts.records.length, 1)
    assert.equal(records[0].Opportunities.records[0].Amount, 99.5)
  })
  await check('children of a page too small are fetched', async () => {
    const core = (await crm.sobject('Account').findOne({ Name: 'Core' }, 'Id')).Id
    const many = Array.from({ length: 450 }, (_, i) => ({ LastName: `Many ${i}`, AccountId: core }))
    assert.ok((await crm.sobject('Contact').create(many, { allowRecursive: true })).every(saved => saved.success))
    const answer = await crm.query("SELECT Id, (SELECT Id FROM Contacts) FROM Account WHERE Name = 'Core'",
      { autoFetch: true, headers: { 'Sforce-Query-Options': 'batchSize=200' } })
    assert.equal(new Set(answer.records[0].Contacts.records.map(c => c.Id)).size, 450)
    assert.equal(answer.records[0].Contacts.done, true)
  })
  await check('pages', async () => {
    const query = await crm.query('SELECT Id FROM Contact', { headers: { 'Sforce-Query-Options': 'batchSize=200' } })
    assert.equal(query.records.length, 200)
    assert.equal(query.done, false)
    const more = await crm.queryMore(query.nextRecordsUrl)
    assert.equal(more.records.length, 200)
    const all = await crm.query('SELECT Id FROM Contact', { autoFetch: true, maxFetch: 1000, headers: { 'Sforce-Query-Options': 'batchSize=200' } })
    assert.equal(all.records.length, 454)
  })
  await check('a locator that is none', async () => assert.equal((await failed(crm.queryMore('/services/data/v62.0/query/01gXX000000000AAAA-2000'))).code, 'INVALID_QUERY_LOCATOR'))
  await check('parents', async () => {
    const record = await one("SELECT LastName, Account.Name, Account.Owner.Name FROM Contact WHERE LastName = 'Adams'")
    assert.equal(record.Account.Name, 'Acme')
    assert.equal(record.Account.attributes.type, 'Account')
    assert.equal(record.Account.Owner.Name, 'Integration Sluice')
  })
  await check('aliases of objects', async () => assert.equal((await one("SELECT c.LastName, a.Name FROM Contact c, c.Account a WHERE a.Name = 'Beta'")).Account.Name, 'Beta'))
  await check('FIELDS(ALL)', async () => assert.equal((await one("SELECT FIELDS(ALL) FROM Account WHERE Name = 'Acme' LIMIT 200")).Ext_Id__c, 'A-1'))
  await check('FIELDS(STANDARD)', async () => assert.ok(!('Ext_Id__c' in await one('SELECT FIELDS(STANDARD) FROM Account'))))
  await check('FIELDS(CUSTOM)', async () => assert.ok(!('Industry' in await one('SELECT Id, FIELDS(CUSTOM) FROM Account LIMIT 1'))))
  await check('an asterisk is expanded by describe', async () => assert.equal((await crm.sobject('Account').findOne({ Name: 'Acme' }, '*')).Ext_Id__c, 'A-1'))
  await check('conditions with $or and $not', async () => {
    const found = await crm.sobject('Account').find({ $or: [{ Name: 'Acme' }, { $and: [{ Industry: 'Energy' }, { NumberOfEmployees: { $gt: 20 } }] }] }, 'Name').sort('Name')
    assert.equal(names(found), 'Acme Beta')
    assert.equal(names(await crm.sobject('Account').find({ Industry: { $exists: true }, $not: { Industry: 'Energy' } }, 'Name')), 'Core')
  })
  await check('deleted records by scanAll', async () => {
    const { id } = await crm.sobject('Account').create({ Name: 'Gone' })
    await crm.sobject('Account').destroy(id)
    assert.equal((await crm.query("SELECT Id FROM Account WHERE Name = 'Gone'")).totalSize, 0)
    assert.equal((await crm.query("SELECT Id FROM Account WHERE Name = 'Gone' AND IsDeleted = true", { scanAll: true })).totalSize, 1)
  })
  await check('toLabel', async () => assert.equal((await one("SELECT toLabel(Industry) FROM Account WHERE Name = 'Acme'")).Industry, 'Energy'))
  await check('explain returns plans', async () => {
    const plan = (await crm.sobject('Account').find({ Name: 'Acme' }, 'Id').explain()).plans[0]
    assert.equal(plan.sobjectType, 'Account')
    assert.ok(plan.leadingOperationType)
  })

  for (const soql of ["SELECT Id FROM Account WHERE Name = 'a' AND Name = 'b' OR Name = 'c'", "SELECT Id FROM Account WHERE Name = 'a' AND NOT Name = 'b'",
    'SELECT COUNT(), Id FROM Account', 'SELECT Name, COUNT(Id) FROM Account', 'SELECT COUNT() FROM Account ORDER BY Name', 'SELECT SUM(Name) FROM Account',
    'SELECT COUNT(Id) FROM Account GROUP BY CreatedDate', 'SELECT Name FROM Account WHERE COUNT(Id) > 1', 'SELECT Name n FROM Account',
    'SELECT FIELDS(ALL) FROM Account', 'SELECT FIELDS(ALL) FROM Account LIMIT 201', 'SELECT * FROM Account', 'SELECT Id FROM Account WHERE',
    'SELECT Id FROM Account ALL ROWS', 'SELECT Id FROM Account LIMIT x', "SELECT Id FROM Account WHERE Name LIKE 'a", 'SELECT Id, FROM Account',
    'SELECT Id FROM Account WHERE Id IN (SELECT Id FROM Account)', "SELECT Id FROM Account WHERE Name = 'x' OR Id IN (SELECT AccountId FROM Contact)"]) {
    await check(`refused: ${soql}`, () => refused(soql))
  }
  for (const [soql, code] of Object.entries({ 'SELECT Nope FROM Account': 'INVALID_FIELD', 'SELECT Id FROM Nope': 'INVALID_TYPE', 'SELECT Id, (SELECT Id FROM Nopes) FROM Account': 'INVALID_TYPE',
    'SELECT Id FROM Account WHERE NumberOfEmployees = \'5\'': 'INVALID_FIELD', "SELECT Id FROM Account WHERE Description = 'x'": 'INVALID_FIELD', 'SELECT Id, Id FROM Account': 'INVALID_FIELD',
    'SELECT Id FROM Account OFFSET 2001': 'NUMBER_OUTSIDE_VALID_RANGE', "SELECT Id FROM Account WHERE Industry INCLUDES ('x')": 'INVALID_QUERY_FILTER_OPERATOR', "SELECT Id FROM Account WHERE Id = 'x'": 'INVALID_QUERY_FILTER_OPERATOR' })) {
    await check(`${code}: ${soql}`, () => refused(soql, code))
  }
}

async function describes() {
  await check('the global describe lists the standard objects', async () => {
    const all = (await crm.describeGlobal()).sobjects.map(object => object.name)
    for (const name of ['Account', 'Contact', 'Lead', 'Opportunity', 'Case', 'Task', 'Event', 'Campaign', 'CampaignMember', 'Product2', 'Pricebook2',
      'PricebookEntry', 'OpportunityLineItem', 'RecordType', 'Organization', 'User']) {
      assert.ok(all.includes(name), name)
    }
  })
  await check('child relationships', async () => {
    const relations = (await crm.sobject('Account').describe()).childRelationships
    assert.deepEqual(relations.filter(r => ['Contacts', 'Opportunities', 'Cases', 'ChildAccounts'].includes(r.relationshipName)).map(r => r.childSObject).sort(),
      ['Account', 'Case', 'Contact', 'Opportunity'])
  })
  await check('picklist values', async () => {
    const fields = (await crm.describe('Lead')).fields
    const status = fields.find(field => field.name === 'Status')
    assert.ok(status.picklistValues.some(value => value.defaultValue && value.value === 'Open - Not Contacted'))
    assert.equal(status.restrictedPicklist, false)
  })
  await check('restricted picklists', async () => {
    const level = (await crm.describe('Account')).fields.find(field => field.name === 'Level__c')
    assert.equal(level.restrictedPicklist, true)
    const result = await failed(crm.sobject('Account').create({ Name: 'x', Level__c: 'C' }))
    assert.equal(result.code, 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST')
  })
  await check('field flags', async () => {
    const fields = Object.fromEntries((await crm.describe('Contact')).fields.map(field => [field.name, field]))
    assert.equal(fields.Customer_No__c.externalId, true)
    assert.equal(fields.Customer_No__c.unique, true)
    assert.equal(fields.Name.createable, false)
    assert.equal(fields.LastName.nillable, false)
    assert.equal(fields.Description.filterable, false)
    assert.equal(fields.Birthdate.type, 'date')
    assert.deepEqual(fields.AccountId.referenceTo, ['Account'])
    assert.equal(fields.AccountId.relationshipName, 'Account')
  })
  await check('references to one of several objects', async () => {
    const who = (await crm.describe('Task')).fields.find(field => field.name === 'WhoId')
    assert.equal(who.polymorphicForeignKey, true)
    assert.deepEqual(who.referenceTo.sort(), ['Contact', 'Lead'])
  })
  await check('record types and key prefixes', async () => {
    const described = await crm.describe('Case')
    assert.equal(described.keyPrefix, '500')
    assert.equal(described.recordTypeInfos[0].master, true)
  })
  await check('an unknown object', async () => assert.equal((await failed(crm.describe('Nope'))).code, 'NOT_FOUND'))
  await check('the basic information of an object', async () => {
    const info = await crm.request('/sobjects/Account')
    assert.equal(info.objectDescribe.name, 'Account')
    assert.ok(Array.isArray(info.recentItems))
  })
  await check('the organization', async () => assert.match((await one('SELECT Id, Name, OrganizationType, IsSandbox FROM Organization')).Id, /^00D/))
  await check('limits and versions', async () => {
    assert.ok((await crm.limits()).DailyApiRequests.Max > 0)
    assert.ok((await crm.request('/services/data')).some(v => v.version === version))
  })
}

async function writes() {
  const contacts = crm.sobject('Contact')
  await check('create, retrieve, update, destroy', async () => {
    const { id, success } = await contacts.create({ LastName: 'One' })
    assert.equal(success, true)
    await contacts.update({ Id: id, LastName: 'Two' })
    assert.equal((await contacts.retrieve(id)).LastName, 'Two')
    await contacts.destroy(id)
    assert.equal((await failed(contacts.retrieve(id))).code, 'ENTITY_IS_DELETED')
  })
  await check('upsert by external id', async () => {
    const made = await contacts.upsert({ Customer_No__c: 'U-1', LastName: 'One' }, 'Customer_No__c')
    assert.equal(made.created, true)
    assert.equal((await contacts.upsert({ Customer_No__c: 'U-1', LastName: 'Two' }, 'Customer_No__c')).created, false)
  })
  await check('updateOnly makes nothing', async () => {
    const patch = key => crm.requestPatch(`/sobjects/Contact/Customer_No__c/${key}?updateOnly=true`, { LastName: 'Three' })
    assert.equal((await failed(patch('U-none'))).code, 'NOT_FOUND')
    await patch('U-1')
    assert.equal((await contacts.findOne({ Customer_No__c: 'U-1' }, 'LastName')).LastName, 'Three')
  })
  await check('collections return a result per record', async () => {
    const saved = await contacts.create([{ LastName: 'A' }, { FirstName: 'B' }])
    assert.deepEqual(saved.map(s => s.success), [true, false])
    assert.equal(saved[1].errors[0].statusCode ?? saved[1].errors[0].errorCode, 'REQUIRED_FIELD_MISSING')
  })
  await check('a number out of its bounds is refused', async () => {
    const deals = crm.sobject('Opportunity')
    const deal = { Name: 'D', StageName: 'Prospecting', CloseDate: '2026-01-01' }
    assert.equal((await failed(deals.create({ ...deal, Amount: 1e16 }))).code, 'NUMBER_OUTSIDE_VALID_RANGE')
    assert.equal((await failed(crm.sobject('Account').create({ Name: 'x', NumberOfEmployees: 100_000_000 }))).code, 'NUMBER_OUTSIDE_VALID_RANGE')
    assert.equal((await deals.create({ ...deal, Amount: 9_999_999_999_999_998 })).success, true)
  })
  await check('each part of a batch counts as a call', async () => {
    const used = async () => Number(/api-usage=(\d+)/.exec((await fetch(`${address}/services/data/v${version}/limits`,
      { headers: { Authorization: `Bearer ${crm.accessToken}` } })).headers.get('sforce-limit-info'))[1])
    const before = await used()
    const part = { method: 'GET', url: `v${version}/limits` }
    await crm.requestPost('/composite/batch', { batchRequests: [part, part, part] })
    assert.equal(await used() - before, 4)
  })
}

async function soap() {
  const leads = crm.sobject('Lead')
  const lead = async (last, company) => (await leads.create({ LastName: last, Company: company, Email: `${last}@example.org` })).id
  await check('who is logged in, and when', async () => {
    assert.match((await crm.soap.getUserInfo()).userId, /^005/)
    assert.ok(Math.abs(new Date((await crm.soap.getServerTimestamp()).timestamp) - Date.now()) < 60_000)
  })
  await check('create, update, upsert, delete, undelete', async () => {
    const [made] = await crm.soap.create([{ type: 'Account', Name: 'Soap' }])
    assert.equal(made.success, true)
    assert.equal((await crm.soap.update([{ type: 'Account', Id: made.id, Name: 'Suds' }]))[0].success, true)
    assert.equal((await crm.soap.upsert('Ext_Id__c', [{ type: 'Account', Ext_Id__c: 'S-1', Name: 'Foam' }]))[0].created, true)
    assert.equal((await crm.soap.delete([made.id]))[0].success, true)
    assert.equal((await crm.soap.undelete([made.id]))[0].success, true)
  })
  await check('a lead becomes an account, a contact and an opportunity', async () => {
    const leadId = await lead('Lee', 'Lee Ltd')
    const converted = await crm.soap.convertLead({ leadId, convertedStatus: 'Closed - Converted' })
    assert.equal(converted.success, true, JSON.stringify(converted))
    const record = await leads.retrieve(leadId)
    assert.equal(record.IsConverted, true)
    assert.equal(record.ConvertedAccountId, converted.accountId)
    assert.equal((await crm.sobject('Account').retrieve(converted.accountId)).Name, 'Lee Ltd')
    assert.equal((await crm.sobject('Contact').retrieve(converted.contactId)).Email, 'Lee@example.org')
    assert.equal((await crm.sobject('Opportunity').retrieve(converted.opportunityId)).Name, 'Lee Ltd-')
  })
  await check('a lead is converted into an account that is there, without an opportunity', async () => {
    const accountId = (await crm.sobject('Account').findOne({ Name: 'Acme' }, 'Id')).Id
    const [converted] = await crm.soap.convertLead([{ leadId: await lead('May', 'May Ltd'), convertedStatus: 'Closed - Converted', accountId, doNotCreateOpportunity: true }])
    assert.equal(converted.accountId, accountId)
    assert.ok(!converted.opportunityId)
  })
  await check('a status that is no converted one is refused', async () => {
    const converted = await crm.soap.convertLead({ leadId: await lead('Nye', 'Nye Ltd'), convertedStatus: 'Open - Not Contacted' })
    assert.equal(converted.success, false)
    assert.equal([converted.errors].flat()[0].statusCode, 'INVALID_STATUS')
  })
  await check('a recycle bin is emptied', async () => {
    const { id } = await crm.sobject('Account').create({ Name: 'Bin' })
    await crm.sobject('Account').destroy(id)
    assert.equal((await crm.soap.emptyRecycleBin([id]))[0].success, true)
    assert.equal((await crm.soap.undelete([id]))[0].success, false)
  })
}

async function bulk() {
  const rows = Array.from({ length: 300 }, (_, i) => ({ Customer_No__c: `B-${i}`, LastName: `Bulk ${i}` }))
  await check('a bulk job writes rows', async () => {
    const done = await crm.bulk2.loadAndWaitForResults({ object: 'Contact', operation: 'insert', input: rows, pollInterval: 100, pollTimeout: 30000 })
    assert.equal(done.successfulResults.length, 300)
    assert.equal(done.failedResults.length, 0)
  })
  await check('a bulk upsert reports created and failed records', async () => {
    const done = await crm.bulk2.loadAndWaitForResults({ object: 'Contact', operation: 'upsert', externalIdFieldName: 'Customer_No__c',
      input: [{ Customer_No__c: 'B-0', LastName: 'Again' }, { Customer_No__c: 'B-new', LastName: 'New' }, { Customer_No__c: 'B-1', LastName: '#N/A' }], pollInterval: 100, pollTimeout: 30000 })
    assert.deepEqual(done.successfulResults.map(r => r.sf__Created).sort(), ['false', 'true'])
    assert.equal(done.failedResults.length, 1)
  })
  await check('a bulk query reads rows', async () => {
    crm.bulk2.pollInterval = 100
    const stream = await crm.bulk2.query("SELECT Id, LastName FROM Contact WHERE LastName LIKE 'Bulk %'")
    const found = await stream.toArray()
    assert.equal(found.length, 299)
  })
  await check('a bulk query takes no aggregates', async () => {
    assert.ok((await failed((async () => (await crm.bulk2.query('SELECT COUNT(Id) FROM Contact')).toArray())())).code)
  })
}

async function collections() {
  const contacts = crm.sobject('Contact')
  const made = await contacts.create([{ LastName: 'Col 1' }, { LastName: 'Col 2' }, { LastName: 'Col 3' }])
  const ids = made.map(saved => saved.id)
  await check('several records are read in their order', async () => {
    assert.deepEqual((await contacts.retrieve(ids)).map(r => r.LastName), ['Col 1', 'Col 2', 'Col 3'])
  })
  await check('several records are updated', async () => {
    assert.ok((await contacts.update(ids.map(Id => ({ Id, Title: 'Chief' })))).every(saved => saved.success))
  })
  await check('several are upserted', async () => {
    const saved = await contacts.upsert([{ Customer_No__c: 'X-1', LastName: 'X' }, { Customer_No__c: 'X-2', LastName: 'Y' }], 'Customer_No__c')
    assert.deepEqual(saved.map(s => s.created), [true, true])
  })
  await check('allOrNone takes all back', async () => {
    const saved = await failed(contacts.create([{ LastName: 'Good' }, { FirstName: 'Bad' }], { allOrNone: true })).catch(() => null)
    assert.equal(await contacts.count({ LastName: 'Good' }), 0, JSON.stringify(saved))
  })
  await check('found records are updated and destroyed', async () => {
    const updated = await contacts.find({ Title: 'Chief' }).update({ Department: 'Top' }, { allowBulk: false })
    assert.equal(updated.filter(r => r.success).length, 3)
    const gone = await contacts.find({ Title: 'Chief' }).destroy({ allowBulk: false })
    assert.equal(gone.filter(r => r.success).length, 3)
  })
  await check('deleted and updated records are listed', async () => {
    const span = [new Date(Date.now() - 3600_000).toISOString(), new Date(Date.now() + 120_000).toISOString()]
    const deleted = (await contacts.deleted(...span)).deletedRecords.map(r => r.id)
    assert.ok(ids.every(id => deleted.includes(id)))
    assert.ok((await contacts.updated(...span)).ids.length > 0)
  })
  await check('a tree is made with its references', async () => {
    const answer = await crm.requestPost('/composite/tree/Account', { records: [{ attributes: { type: 'Account', referenceId: 'a' }, Name: 'Tree',
      Contacts: { records: [{ attributes: { type: 'Contact', referenceId: 'c' }, LastName: 'Leaf' }] } }] })
    assert.equal(answer.hasErrors, false)
    assert.equal((await one("SELECT Account.Name FROM Contact WHERE LastName = 'Leaf'")).Account.Name, 'Tree')
  })
  await check('a composite call refers to its parts', async () => {
    const { compositeResponse } = await crm.requestPost('/composite', { allOrNone: true, compositeRequest: [
      { method: 'POST', url: `/services/data/v${version}/sobjects/Account`, referenceId: 'acc', body: { Name: 'Ref' } },
      { method: 'POST', url: `/services/data/v${version}/sobjects/Contact`, referenceId: 'con', body: { LastName: 'Refers', AccountId: '@{acc.id}' } }] })
    assert.deepEqual(compositeResponse.map(part => part.httpStatusCode), [201, 201])
  })
  await check('recently viewed records and objects without any', async () => {
    assert.ok(Array.isArray(await contacts.recent()))
    assert.ok(Array.isArray(await crm.recent()))
  })
  await check('records of a query are streamed', async () => {
    const seen = []
    await new Promise((resolve, reject) => crm.query("SELECT Id FROM Contact WHERE LastName LIKE 'X%' OR LastName LIKE 'Y%'")
      .on('record', record => seen.push(record.Id)).on('end', resolve).on('error', reject).run({ autoFetch: true }))
    assert.equal(seen.length, 1 + 1)
  })
}

async function automations() {
  await check('a validation rule refuses with its message', async () => {
    await control(`automations/${account}`, 'PUT', [{ object: 'Contact', refuse: { field: 'Title', equals: 'Spam' }, message: 'No spam here' }])
    const error = await failed(crm.sobject('Contact').create({ LastName: 'x', Title: 'Spam' }))
    assert.equal(error.code, 'FIELD_CUSTOM_VALIDATION_EXCEPTION')
    assert.match(error.message, /No spam here/)
    await control(`automations/${account}`, 'DELETE')
  })
  await check('a flow changes another field with the same write', async () => {
    await control(`automations/${account}`, 'PUT', [{ object: 'Contact', when: ['created', 'updated'], set: { Department: 'For {LastName}' }, within: true }])
    const { id } = await crm.sobject('Contact').create({ LastName: 'Flow' })
    assert.equal((await crm.sobject('Contact').retrieve(id)).Department, 'For Flow')
    await control(`automations/${account}`, 'DELETE')
  })
  await check('a formula follows its fields and is written by nobody', async () => {
    await control(`fields/${account}/Contact/Greeting__c`, 'PUT', { formula: 'Dear {FirstName} {LastName}' })
    const { id } = await crm.sobject('Contact').create({ FirstName: 'Ann', LastName: 'Formula' })
    assert.equal((await crm.sobject('Contact').retrieve(id)).Greeting__c, 'Dear Ann Formula')
    const field = (await crm.describe('Contact')).fields.find(f => f.name === 'Greeting__c')
    assert.equal(field.calculated, true)
    assert.equal(field.createable, false)
    assert.equal((await failed(crm.sobject('Contact').update({ Id: id, Greeting__c: 'x' }))).code, 'INVALID_FIELD_FOR_INSERT_UPDATE')
  })
}

/** Collects what comes by a subscription, so that a check can wait for it. */
function listen(subscribe) {
  const received = []
  const waiting = []
  const subscription = subscribe(event => { waiting.length ? waiting.shift()(event) : received.push(event) })
  const next = () => received.length ? received.shift() : new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('no event came')), 10_000)
    waiting.push(event => { clearTimeout(late); resolve(event) })
  })
  return { subscription, next, left: () => received.length }
}

async function streaming() {
  const { Replay, AuthFailure } = StreamingExtension
  const contacts = crm.sobject('Contact')
  const topic = '/topic/Checks'
  const changes = '/data/ContactChangeEvent'
  const header = event => event.payload.ChangeEventHeader
  /** Subscribes a client of its own to a channel, from a replay id on. */
  const replaying = (channel, from) => {
    const client = crm.streaming.createClient([new Replay(channel, from)])
    return { ...listen(each => client.subscribe(channel, each)), end: () => client.disconnect() }
  }
  const create = async LastName => (await contacts.create({ LastName })).id
  await control(`streaming/${account}`, 'PUT', { changeEvents: ['Contact'] })
  const made = await crm.sobject('PushTopic').create({ Name: 'Checks', Query: "SELECT Id, LastName, Title FROM Contact WHERE LastName != 'Hidden'",
    ApiVersion: version, NotifyForFields: 'Referenced', NotifyForOperationUndelete: false })
  let id
  let last

  await check('a push topic is made and described', async () => {
    assert.equal(made.success, true)
    const record = await crm.sobject('PushTopic').retrieve(made.id)
    assert.equal(record.NotifyForOperationCreate, true)
    assert.equal(record.NotifyForOperationUndelete, false)
    assert.ok((await crm.describe('PushTopic')).fields.some(field => field.name === 'NotifyForFields'))
  })
  await check('a push topic with LIMIT is refused', async () => {
    const error = await failed(crm.sobject('PushTopic').create({ Name: 'Bad', ApiVersion: version, Query: 'SELECT Id FROM Contact LIMIT 1' }))
    assert.equal(error.code, 'INVALID_FIELD')
    assert.match(error.message, /'LIMIT' is not allowed/)
  })
  const own = listen(each => crm.streaming.topic('Checks').subscribe(each))
  await own.subscription
  await check('a new record is notified of', async () => {
    id = await create('Streamed')
    const { event, sobject } = await own.next()
    assert.equal(event.type, 'created')
    assert.deepEqual(sobject, { Id: id, LastName: 'Streamed', Title: null })
    last = event.replayId
  })
  await check('a change of a field of the topic is notified of, with a higher replay id', async () => {
    await contacts.update({ Id: id, Phone: '1' })
    await contacts.update({ Id: id, Title: 'Dr' })
    const { event, sobject } = await own.next()
    assert.equal(event.type, 'updated')
    assert.equal(sobject.Title, 'Dr')
    assert.ok(event.replayId > last)
  })
  await check('records outside the condition are not notified of', async () => {
    await create('Hidden')
    await contacts.destroy(id)
    const { event, sobject } = await own.next()
    assert.equal(event.type, 'deleted')
    assert.deepEqual(sobject, { Id: id })
  })
  await check('many events come in their order', async () => {
    await contacts.create(Array.from({ length: 50 }, (_, i) => ({ LastName: `Many ${i}` })), { allowRecursive: true })
    for (let i = 0; i < 50; i++) assert.equal((await own.next()).sobject.LastName, `Many ${i}`)
  })
  await check('nothing comes after the subscription is cancelled', async () => {
    crm.streaming.topic('Checks').unsubscribe(own.subscription)
    const seen = replaying(topic, -1)
    await seen.subscription
    await create('After')
    assert.equal((await seen.next()).sobject.LastName, 'After')
    assert.equal(own.left(), 0)
    seen.end()
  })
  await check('all retained events are replayed by -2', async () => {
    const seen = replaying(topic, -2)
    assert.equal((await seen.next()).event.replayId, last)
    seen.end()
  })
  await check('events after a replay id are replayed', async () => {
    const seen = replaying(topic, last)
    assert.equal((await seen.next()).sobject.Title, 'Dr')
    seen.end()
  })
  await check('a replay id that is not retained is refused', async () => {
    const seen = replaying(topic, 7)
    const error = await failed(Promise.resolve(seen.subscription))
    assert.match(error.message, /The replayId \{7\} you provided was invalid\. {2}Please provide a valid ID/)
    seen.end()
  })
  await check('an unknown channel is refused', async () => {
    const seen = replaying('/topic/Nothing', -1)
    assert.match((await failed(Promise.resolve(seen.subscription))).message, /does not exist/)
    seen.end()
  })

  const seen = replaying(changes, -1)
  await seen.subscription
  await check('a new record is a change event with all its values', async () => {
    id = (await contacts.create({ LastName: 'Changed', FirstName: 'Ann', MailingCity: 'Bonn' })).id
    const event = await seen.next()
    assert.equal(event.schema.length, 22)
    assert.equal(header(event).changeType, 'CREATE')
    assert.deepEqual(header(event).recordIds, [id])
    assert.deepEqual(event.payload.Name, { LastName: 'Changed', FirstName: 'Ann' })
    assert.deepEqual(event.payload.MailingAddress, { City: 'Bonn' })
    last = event.event.replayId
  })
  await check('an update is a change event with its changed fields', async () => {
    await contacts.update({ Id: id, FirstName: null, Title: 'Dr' })
    const { payload } = await seen.next()
    assert.deepEqual([...payload.ChangeEventHeader.changedFields].sort(), ['LastModifiedDate', 'Name.FirstName', 'Title'])
    assert.deepEqual(payload.Name, { FirstName: null })
    assert.equal(payload.Title, 'Dr')
    assert.ok(!('MailingAddress' in payload))
  })
  await check('the change origin names the client of the call options', async () => {
    const named = connect({ accessToken: crm.accessToken, instanceUrl: crm.instanceUrl, callOptions: { client: 'checker' } })
    await named.sobject('Contact').update({ Id: id, Title: 'Prof' })
    assert.equal(header(await seen.next()).changeOrigin, `com/salesforce/api/rest/${version};client=checker`)
  })
  await check('the same change of two records in a call is one change event', async () => {
    const second = await create('Second')
    await seen.next()
    await contacts.update([{ Id: id, Department: 'Sales' }, { Id: second, Department: 'Sales' }])
    assert.deepEqual(header(await seen.next()).recordIds, [id, second])
    await contacts.destroy(second)
    assert.equal(header(await seen.next()).changeType, 'DELETE')
  })
  await check('change events come on the channel of all objects, from a replay id', async () => {
    const everything = replaying('/data/ChangeEvents', last)
    assert.equal(header(await everything.next()).changeType, 'UPDATE')
    everything.end()
  })
  await check('a platform event is published', async () => {
    await control(`objects/${account}/Alarm__e`, 'PUT', { label: 'Alarm' })
    await control(`fields/${account}/Alarm__e/Text__c`, 'PUT', { type: 'string' })
    const alarms = replaying('/event/Alarm__e', -1)
    await alarms.subscription
    await crm.sobject('Alarm__e').create({ Text__c: 'Fire' })
    assert.equal((await alarms.next()).payload.Text__c, 'Fire')
    alarms.end()
  })
  await check('a client that the server forgot subscribes again', async () => {
    await control(`streaming/${account}`, 'PUT', { dropClients: true })
    for (let i = 0; i < 200 && (await referee()).streaming.subscriptions < 1; i++) await new Promise(resolve => setTimeout(resolve, 20))
    await create('Again')
    assert.equal((await seen.next()).payload.Name.LastName, 'Again')
  })
  await check('long polls are no API calls, and deliveries are counted apart', async () => {
    const { Max, Remaining } = (await crm.request('/limits')).DailyDurableStreamingApiEvents
    assert.ok(Remaining < Max)
    const { limits, streaming: counted, byOperation } = await referee()
    assert.equal(limits.topicDeliveries.used, Max - Remaining)
    assert.ok(counted.delivered[changes] > 4)
    assert.ok(byOperation.streamingConnect > 4)
  })
  await check('a dead token denies the handshake', async () => {
    const dead = connect({ accessToken: '00D!dead', instanceUrl: crm.instanceUrl })
    const message = await new Promise(resolve =>
      dead.streaming.createClient([new AuthFailure(resolve)]).subscribe(topic, () => {}))
    assert.equal(message.error, '403::Handshake denied')
    assert.equal(message.ext.sfdc.failureReason, '401::Authentication invalid')
  })
  seen.end()
}

await control(`accounts/${account}`, 'PUT', { crm: 'salesforce' })
crm = connect({ oauth2: client })
await crm.authorize({ grant_type: 'client_credentials' })
await fill()
process.exit(await run([logins, queries, describes, writes, collections, bulk, soap, automations, streaming]) ? 0 : 1)
