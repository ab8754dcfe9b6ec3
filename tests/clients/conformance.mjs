// OpenAI's own client against a real agent, beside the main story: paging, refusals, content, and answers that are lost.
//
//   node conformance.mjs JOBS LOST: lists that many jobs, and loses the answer of that many creations; $RESULTS/answers.jsonl
//   gets what the agent answered
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import http from 'node:http';
import OpenAI, { AuthenticationError, BadRequestError, NotFoundError, toFile } from 'openai';

const [JOBS, LOST] = process.argv.slice(2).map(Number);
const agent = new URL(process.env.OPENAI_BASE_URL);

const chats = (count) =>
  Array.from({ length: count }, (_, i) => {
    const messages = [
      { role: 'user', content: `say ${i}` },
      { role: 'assistant', content: `it is ${i}` },
    ];
    return JSON.stringify({ messages });
  }).join('\n');
const CHATS = chats(12);

async function refused(promise, kind, told) {
  const error = await promise.then(
    () => assert.fail('it was not refused'),
    (thrown) => thrown,
  );
  assert.ok(error instanceof kind, `${error.constructor.name}: ${error.message}`);
  for (const [name, value] of Object.entries(told)) assert.match(String(error[name]), value, `${name}: ${error.message}`);
  assert.match(error.requestID, /^req_/);
  return error;
}

async function collect(pages) {
  const all = [];
  for await (const one of pages) all.push(one);
  return all;
}

// Notes what reaches the agent and what it says, and breaks the connection instead of giving the answers that `loses` names.
async function startRelay(loses) {
  const seen = [];
  const server = http.createServer((from, to) => {
    const parts = [];
    from.on('data', (part) => parts.push(part));
    from.on('end', () => {
      const asked = Buffer.concat(parts);
      const one = { method: from.method, path: from.url, retry: from.headers['x-stainless-retry-count'], asked };
      seen.push(one);
      const options = { host: agent.hostname, port: agent.port, method: from.method, path: from.url };
      const on = http.request({ ...options, headers: { ...from.headers, host: agent.host } }, async (answer) => {
        const said = [];
        for await (const part of answer) said.push(part);
        Object.assign(one, { status: answer.statusCode, type: answer.headers['content-type'], said: Buffer.concat(said) });
        if (loses(one)) return to.destroy();
        to.writeHead(answer.statusCode, answer.headers);
        return to.end(one.said);
      });
      on.on('error', () => to.destroy());
      on.end(asked);
    });
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const baseURL = `http://127.0.0.1:${server.address().port}${agent.pathname}`;
  return { seen, baseURL, client: new OpenAI({ baseURL }), close: () => server.close() };
}

const record = await startRelay(() => false);
const client = record.client;
const jobs = client.fineTuning.jobs;

const uploadChats = async (text) =>
  client.files.create({ file: await toFile(Buffer.from(text), 'chats.jsonl'), purpose: 'fine-tune' });

async function files() {
  const file = await uploadChats(CHATS);
  assert.deepEqual([file.object, file.filename, file.purpose, file.bytes], ['file', 'chats.jsonl', 'fine-tune', CHATS.length]);
  assert.equal((await client.files.waitForProcessing(file.id)).status, 'processed');
  const content = await client.files.content(file.id);
  assert.equal(await content.text(), CHATS);
  assert.ok((await collect(client.files.list({ purpose: 'fine-tune', limit: 1 }))).some((one) => one.id === file.id));
  assert.deepEqual(await client.files.delete(file.id), { id: file.id, object: 'file', deleted: true });
  await refused(client.files.retrieve(file.id), NotFoundError, { code: /^not_found$/, param: /^file_id$/ });
  const broken = CHATS.replace('it is 3"', 'it is 3');
  await refused(
    client.files.create({ file: await toFile(Buffer.from(broken), 'broken.jsonl'), purpose: 'fine-tune' }),
    BadRequestError,
    { code: /^invalid_file_format$/, message: /line 4/ },
  );
  console.log('files: as the client expects them');
}

async function models() {
  const all = await collect(client.models.list());
  assert.ok(all.some((one) => one.id === 'tiny-lm' && one.object === 'model'));
  assert.equal((await client.models.retrieve('tiny-lm')).id, 'tiny-lm');
  await refused(client.models.retrieve('tiny-ln'), NotFoundError, { code: /^model_not_found$/, message: /tiny-lm/ });
  console.log(`models: ${all.length}`);
}

async function refusals(file) {
  await refused(new OpenAI({ baseURL: record.baseURL, apiKey: 'wrong' }).models.list(), AuthenticationError, { code: /^invalid_api_key$/ });
  await refused(jobs.create({ model: 'tiny-ln', training_file: file }), NotFoundError, { code: /^model_not_found$/, message: /tiny-lm/ });
  await refused(jobs.create({ model: 'tiny-lm', training_file: 'file-none' }), BadRequestError, { param: /^training_file$/ });
  const epochs = { model: 'tiny-lm', training_file: file, hyperparameters: { n_epochs: 0 } };
  await refused(jobs.create(epochs), BadRequestError, { param: /n_epochs/ });
  await refused(jobs.retrieve('ftjob-none'), NotFoundError, { code: /^fine_tune_not_found$/ });
  await refused(
    client.chat.completions.create({ model: 'ft:none', messages: [{ role: 'user', content: 'a' }] }),
    NotFoundError,
    { code: /^model_not_found$/ },
  );
  console.log('refusals: of the classes and codes that the client knows');
}

// One that is long enough to be looked at while it goes on.
async function oneJob() {
  const created = await jobs.create({
    model: 'tiny-lm',
    training_file: (await uploadChats(chats(400))).id,
    metadata: { kind: 'long' },
    hyperparameters: { n_epochs: 50, batch_size: 1 },
  });
  assert.match(created.id, /^ftjob-/);
  assert.ok(['validating_files', 'queued', 'running'].includes(created.status), created.status);

  const relay = await startRelay(() => false);
  for (const what of ['pause', 'resume'])
    await refused(relay.client.fineTuning.jobs[what](created.id), BadRequestError, { code: /^unsupported$/ });
  assert.equal(relay.seen.length, 2, 'a refused pause was sent again');
  relay.close();

  await until(async () => (await jobs.listEvents(created.id, { limit: 1 })).data[0].type === 'metrics');
  assert.equal((await jobs.retrieve(created.id)).status, 'running');
  await jobs.cancel(created.id);
  await until(async () => (await jobs.retrieve(created.id)).status === 'cancelled');
  const ended = await jobs.retrieve(created.id);
  assert.equal(ended.fine_tuned_model, null);
  assert.ok(ended.finished_at >= ended.created_at);
  await refused(
    client.chat.completions.create({ model: `ft:tiny-lm:local::${ended.id.slice(6)}`, messages: [{ role: 'user', content: 'a' }] }),
    Error,
    { code: /model_not_(kept|found)/ },
  );

  const whole = (await jobs.listEvents(created.id, { limit: 100 })).data.map((one) => one.id);
  const paged = await collect(jobs.listEvents(created.id, { limit: 3 }));
  assert.deepEqual(paged.slice(0, whole.length).map((one) => one.id), whole);
  assert.equal(new Set(paged.map((one) => one.id)).size, paged.length);
  assert.match(paged.at(-1).message, /^Created fine-tuning job/);
  assert.match(paged[0].message, /cancelled/);
  console.log(`one job: ${paged.length} events by pages of 3, no pause, cancelled`);
}

async function until(condition) {
  for (const end = Date.now() + 60_000; !(await condition()); ) {
    assert.ok(Date.now() < end, `in a minute there was no: ${condition}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

// So that few of them ever begin: they queue behind each other, and are cancelled at once.
async function list(file) {
  const made = new Set();
  while (made.size < JOBS) {
    const batch = Array.from({ length: Math.min(4, JOBS - made.size) }, async (_, i) => {
      const job = await jobs.create({ model: 'tiny-lm', training_file: file, metadata: { n: String(made.size + i), of: 'list' } });
      await jobs.cancel(job.id);
      return job.id;
    });
    for (const id of await Promise.all(batch)) made.add(id);
  }
  const relay = await startRelay(() => false);
  const listed = await collect(relay.client.fineTuning.jobs.list({ metadata: { of: 'list' } }));
  assert.equal(listed.length, JOBS);
  assert.deepEqual(new Set(listed.map((one) => one.id)), made);
  assert.equal(relay.seen.length, Math.ceil(JOBS / 20));
  assert.ok(listed.every((one, i) => i === 0 || one.created_at <= listed[i - 1].created_at), 'not newest first');
  relay.close();
  assert.equal((await collect(jobs.list({ metadata: { n: '7' } }))).length, 1);
  console.log(`list: ${listed.length} jobs by ${relay.seen.length} pages`);
}

// The agent made the job, and the client never heard of it: it sends the same bytes again, and gets that job.
async function lostAnswers(file) {
  // The first answer of each, and the second of every other one: the client tries three times.
  const relay = await startRelay((one) => Number(one.retry) < 1 + (Number(JSON.parse(one.asked).metadata.n) % 2));
  const ids = new Set();
  let next = 0;
  const lane = async () => {
    while (next < LOST) {
      const metadata = { of: 'lost', n: String(next++) };
      const request = { model: 'tiny-lm', training_file: file, metadata, hyperparameters: { n_epochs: 1 } };
      const { id } = await relay.client.fineTuning.jobs.create(request);
      ids.add(id);
      // The next one takes its machine, so that there are few.
      await until(async () => (await jobs.retrieve(id)).status === 'succeeded');
    }
  };
  await Promise.all([lane(), lane(), lane()]);
  relay.close();
  assert.equal(relay.seen.length, 2 * LOST + Math.floor(LOST / 2));
  const listed = await collect(jobs.list({ limit: 100, metadata: { of: 'lost' } }));
  assert.equal(listed.length, LOST);
  assert.deepEqual(new Set(listed.map((one) => one.id)), ids);
  const [last] = listed;
  const { fine_tuned_model: model, result_files: results } = await jobs.retrieve(last.id);
  for (const id of results) assert.equal((await client.files.retrieve(id)).purpose, 'fine-tune-results');
  assert.equal((await collect(jobs.checkpoints.list(last.id))).length, 1);
  assert.ok((await collect(client.models.list())).some((one) => one.id === model));
  const answer = await client.chat.completions.create({ model, messages: [{ role: 'user', content: 'say 3' }] });
  assert.equal(answer.choices[0].message.role, 'assistant');
  console.log(`lost answers: ${relay.seen.length} requests, ${listed.length} jobs`);
}

const file = (await uploadChats(CHATS)).id;
await files();
await models();
await refusals(file);
await oneJob();
await list(file);
await lostAnswers(file);

const answers = record.seen.filter((one) => one.type?.startsWith('application/json'));
const lines = answers.map(({ method, path, status, said }) => `${JSON.stringify({ method, path, status, body: JSON.parse(said) })}\n`);
await writeFile(`${process.env.RESULTS}/answers.jsonl`, lines.join(''));
record.close();
