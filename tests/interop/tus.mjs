// The real tus-js-client against a running server: UMAM_URL, UMAM_TOKEN; each line of the output is a check that held.
// `restart()` kills the server with SIGKILL and starts it again: the parent does it on a word on standard output.
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, mkdtempSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import * as tus from 'tus-js-client'

const url = process.env.UMAM_URL
const headers = { Authorization: `Bearer ${process.env.UMAM_TOKEN}` }
const endpoint = `${url}/api/media/tus`
const folder = mkdtempSync(join(tmpdir(), 'umam-interop-'))
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

const restart = async () => {
  console.log('RESTART')
  await answers.next()
}

function holds(truth, what) {
  if (!truth) throw new Error(`it does not hold that ${what}`)
  console.log(`ok ${what}`)
}

// A text file, so that any bytes of it are of an accepted type.
function file(size) {
  const path = join(folder, `${randomBytes(4).toString('hex')}.txt`)
  writeFileSync(path, randomBytes(size / 2).toString('hex'))
  const sum = createHash('sha256')
  return new Promise((resolve) =>
    createReadStream(path).on('data', (d) => sum.update(d)).on('end', () => resolve({ path, size: statSync(path).size, sum: sum.digest('hex') })))
}

function upload(source, options = {}) {
  let made
  const done = new Promise((resolve, reject) => {
    made = new tus.Upload(createReadStream(source.path), {
      endpoint, headers, uploadSize: source.size, chunkSize: 512 * 1024, retryDelays: [0, 200, 500, 1000, 2000, 3000],
      metadata: { filename: 'näme.txt', title: 'from tus-js-client', tags: 'interop,tus' },
      ...options,
      onError: reject,
      onSuccess: () => resolve(made.url),
      onProgress: (sent) => options.progress?.(sent, made),
    })
    made.start()
  })
  return { made, done }
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

async function asset(where) {
  const reply = await fetch(`${url}/api/media/assets/${where.split('/').pop()}`, { headers })
  return reply.ok ? reply.json() : null
}

async function plain() {
  const source = await file(3 << 20)
  const found = await asset(await upload(source).done)
  holds(found?.checksum === source.sum, 'a file in pieces of 512 KiB comes in as it is')
  holds(found.title === 'from tus-js-client' && found.original_name === 'näme.txt' && found.tags.join() === 'interop,tus', 'its metadata comes in')
}

async function creation() {
  const source = await file(200 << 10)
  const found = await asset(await upload(source, { uploadDataDuringCreation: true }).done)
  holds(found?.checksum === source.sum, 'a file sent with its creation comes in')
}

async function pausedAndGoneOn() {
  const source = await file(4 << 20)
  const first = upload(source, { progress: (sent, made) => sent > 1 << 20 && made.abort() })
  first.done.catch(() => {})
  while (!first.made._aborted) await sleep(20)
  const where = first.made.url
  let began = null
  const second = upload(source, { uploadUrl: where, progress: (sent) => (began ??= sent) })
  const found = await asset(await second.done)
  holds(began > 0 && began < source.size, 'an upload that was broken off goes on in the middle')
  holds(found?.checksum === source.sum, 'and comes in as it is')
}

async function killed() {
  const source = await file(8 << 20)
  let hit = false
  const going = upload(source, { chunkSize: 256 * 1024, progress: async (sent) => { if (sent > 3 << 20 && !hit) { hit = true; await restart() } } })
  const found = await asset(await going.done)
  holds(hit && found?.checksum === source.sum, 'an upload survives kill -9 of the server by the retries of the client')
}

async function terminated() {
  const source = await file(4 << 20)
  const going = upload(source, { progress: (sent, made) => sent > 1 << 20 && !made._aborted && made.abort(true).then(() => (made.gone = true)) })
  going.done.catch(() => {})
  while (!going.made.gone) await sleep(20)
  const reply = await fetch(going.made.url, { method: 'HEAD', headers: { ...headers, 'Tus-Resumable': '1.0.0' } })
  holds(reply.status === 404, 'an upload that the client terminated is gone')
}

async function refused() {
  const path = join(folder, 'page.html')
  writeFileSync(path, '<!doctype html><script>alert(1)</script>')
  const error = await upload({ path, size: statSync(path).size }).done.then(() => null, (e) => e)
  holds(error?.originalResponse?.getStatus() === 415, 'a page is refused, and the client hears why')
}

for (const check of [plain, creation, pausedAndGoneOn, killed, terminated, refused]) await check()
process.exit(0)
