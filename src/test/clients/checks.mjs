// What the checks of all clients share. The address of the sandbox is the first argument; -v prints the checks that hold, too.
import assert from 'node:assert/strict'

export const address = process.argv[2] ?? 'http://127.0.0.1:8090'
export const account = `check-${Date.now().toString(36)}`

let held = 0
const broken = []

export async function check(name, work) {
  try {
    await work()
    held++
    if (process.argv.includes('-v')) console.log(`  ok    ${name}`)
  } catch (e) {
    broken.push(name)
    console.log(`  FAIL  ${name}: ${String(e.message ?? e).slice(0, 400)}`)
  }
}

/** Sends a request to the sandbox's own endpoints, for example to create an account. */
export async function control(path, method, body) {
  const answer = await fetch(`${address}/sandbox/${path}`, { method, body: body === undefined ? undefined : JSON.stringify(body) })
  assert.ok(answer.ok, `${method} ${path}: ${answer.status}`)
  return answer.json()
}

/** Runs groups of checks, one after the other. Returns whether all checks hold. */
export async function run(groups) {
  for (const group of groups) {
    console.log(group.name)
    await group()
  }
  console.log(`${held} of ${held + broken.length} checks hold`)
  return broken.length === 0
}
