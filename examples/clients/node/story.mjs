// The whole way with OpenAI's own client: upload chats, train on them, watch the loss fall, bring the results home, and
// ask the model while its machine is kept.
//
//   npm ci
//   OPENAI_BASE_URL=http://127.0.0.1:7465/openai/v1 OPENAI_API_KEY="$(stoker tokens create --name story)" node story.mjs
//
// Where it trains, and for how long the machine is kept, is said under `openai.job` in the agent's config.yaml.
import { writeFile } from 'node:fs/promises';
import OpenAI, { toFile } from 'openai';

const CHATS = 200;
const RESULTS = process.env.RESULTS ?? '.'; // where the result files go

const client = new OpenAI(); // from OPENAI_BASE_URL and OPENAI_API_KEY

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

function chats() {
  const colours = ['red', 'blue', 'green', 'white'];
  const things = ['door', 'boat', 'lamp', 'coat', 'cup'];
  return Array.from({ length: CHATS }, (_, i) => {
    const colour = colours[i % colours.length];
    const thing = things[Math.floor(i / colours.length) % things.length];
    return {
      messages: [
        { role: 'system', content: 'You name colours.' },
        { role: 'user', content: `what colour is the ${colour} ${thing} ?` },
        { role: 'assistant', content: `the ${thing} is ${colour}` },
      ],
    };
  });
}

async function upload() {
  const lines = chats().map((chat) => `${JSON.stringify(chat)}\n`);
  const file = await client.files.create({
    file: await toFile(Buffer.from(lines.join('')), 'chats.jsonl'),
    purpose: 'fine-tune',
  });
  await client.files.waitForProcessing(file.id);
  console.log(`uploaded ${file.id}: ${CHATS} chats, ${file.bytes} bytes`);
  return file;
}

// Prints each event once, oldest first, until the job has ended. Gives the job and the losses.
async function watch(id) {
  const seen = new Set();
  const losses = [];
  for (;;) {
    const job = await client.fineTuning.jobs.retrieve(id);
    const fresh = [];
    for await (const event of client.fineTuning.jobs.listEvents(id, { limit: 100 })) {
      if (seen.has(event.id)) break; // newest first: the rest is known
      fresh.unshift(event);
    }
    for (const event of fresh) {
      seen.add(event.id);
      console.log(`${event.level.padEnd(5)} ${event.message}`);
      if (event.type === 'metrics' && event.data.train_loss !== undefined) losses.push(event.data.train_loss);
    }
    // Retrieved before the events: those of the end are among them.
    if (['succeeded', 'failed', 'cancelled'].includes(job.status)) return { job, losses };
    await pause(500);
  }
}

async function fetchResults(job) {
  for (const id of job.result_files) {
    const file = await client.files.retrieve(id);
    const bytes = Buffer.from(await (await client.files.content(id)).arrayBuffer());
    if (bytes.length !== file.bytes) throw new Error(`${file.filename} has ${bytes.length} bytes instead of ${file.bytes}`);
    await writeFile(`${RESULTS}/${file.filename}`, bytes);
    console.log(`fetched ${file.filename}: ${bytes.length} bytes`);
  }
}

async function ask(model, content) {
  const messages = [{ role: 'user', content }];
  const answer = await client.chat.completions.create({ model, messages });
  const whole = answer.choices[0].message.content;
  console.log(`asked: ${content}\nanswered: ${whole}`);
  let streamed = '';
  let pieces = 0;
  for await (const chunk of await client.chat.completions.create({ model, messages, stream: true })) {
    streamed += chunk.choices[0]?.delta?.content ?? '';
    pieces += 1;
  }
  console.log(`streamed: ${streamed} (${pieces} pieces)`);
  if (streamed !== whole) throw new Error('the streamed answer is another');
  return whole;
}

const file = await upload();
const created = await client.fineTuning.jobs.create({
  model: 'tiny-lm',
  training_file: file.id,
  suffix: 'colours',
  seed: 7,
  method: { type: 'supervised', supervised: { hyperparameters: { n_epochs: 6, batch_size: 8 } } },
});
console.log(`created ${created.id}: ${created.status}`);

const { job, losses } = await watch(created.id);
if (job.status !== 'succeeded') throw new Error(`${job.id} ${job.status}: ${job.error?.message}`);
console.log(`trained ${job.fine_tuned_model} on ${job.trained_tokens} tokens; loss ${losses[0]} -> ${losses.at(-1)}`);

for await (const point of client.fineTuning.jobs.checkpoints.list(job.id))
  console.log(`checkpoint at step ${point.step_number}: loss ${point.metrics.train_loss}`);
await fetchResults(job);
await ask(job.fine_tuned_model, 'what colour is the green boat ?');
