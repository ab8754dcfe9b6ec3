// The functions of the TypeScript module, compiled, against a real agent.
//
//   node functions.mjs ORIGIN TOKEN
import assert from 'node:assert/strict';
import { Stoker, StokerError } from './compiled/stoker.js';

const [origin, token] = process.argv.slice(2);
const stoker = new Stoker(origin, token);

const lines = Array.from({ length: 150 }, (_, i) => {
  const colour = ['red', 'blue', 'green'][i % 3];
  const messages = [
    { role: 'user', content: `what colour is the ${colour} boat ?` },
    { role: 'assistant', content: `the boat is ${colour}` },
  ];
  return JSON.stringify({ messages });
});
const file = await stoker.upload(new Blob([lines.join('\n')]), 'chats.jsonl');
assert.equal(file.filename, 'chats.jsonl');

await assert.rejects(stoker.upload(new Blob(['{"messages":[]}\nno']), 'bad.jsonl'), (error) => {
  assert.ok(error instanceof StokerError);
  assert.equal(error.status, 400);
  assert.equal(error.code, 'invalid_file_format');
  return true;
});
await assert.rejects(new Stoker(origin, 'wrong').job('ftjob-none'), { status: 401, code: 'invalid_api_key' });

// The same key is the same job.
const request = { model: 'tiny-lm', training_file: file.id, hyperparameters: { n_epochs: 8, batch_size: 6 } };
const job = await stoker.create(request, 'the one');
assert.equal((await stoker.create(request, 'the one')).id, job.id);

const reports = [];
for await (const report of stoker.progress(job)) reports.push(report);
const last = reports.at(-1);
assert.equal(last.state, 'succeeded');
assert.deepEqual([last.step, last.totalSteps], [200, 200]);
assert.ok(last.lossHistory.length >= 10, JSON.stringify(last));
assert.ok(last.lossHistory.every((one, i, all) => i === 0 || one.step > all[i - 1].step));
assert.ok(last.loss < 0.5 * last.lossHistory[0].loss, JSON.stringify(last.lossHistory));
assert.ok(reports.some((one) => one.state === 'running' && one.step > 0 && one.step < 200), 'no report came on the way');

const done = await stoker.job(job.id);
assert.equal(done.status, 'succeeded');
const question = [{ role: 'user', content: 'what colour is the red boat ?' }];
const answer = await stoker.chat(done.fine_tuned_model, question);
assert.equal(answer, 'the boat is red');
const pieces = [];
for await (const piece of stoker.chatStream(done.fine_tuned_model, question)) pieces.push(piece);
assert.equal(pieces.join(''), answer);
assert.ok(pieces.length > 1);

const long = await stoker.create({ model: 'tiny-lm', training_file: file.id, hyperparameters: { n_epochs: 50, batch_size: 1 } });
const stop = new AbortController();
for await (const report of stoker.progress(long, stop.signal)) if (report.step > 0) break;
await stoker.cancel(long.id);
for await (const report of stoker.progress(long)) if (report.state === 'cancelled') break;
assert.equal((await stoker.job(long.id)).status, 'cancelled');

const listed = [];
for await (const one of stoker.list()) listed.push(one.id);
assert.deepEqual(listed, [long.id, job.id]);
console.log(`${reports.length} reports; loss ${last.lossHistory[0].loss} -> ${last.loss}; answered: ${answer}`);
