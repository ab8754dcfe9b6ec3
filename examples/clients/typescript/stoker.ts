// What an app calls to train on the user's own machines. One file, nothing needed at run time but fetch; the types are those
// of the agent's own /openapi.json.
import type { components } from './stoker-api.js';

type Schemas = components['schemas'];
export type TrainingFile = Schemas['OpenAIFile'];
export type JobRequest = Schemas['OpenAIRequest'];
export type Job = Schemas['OpenAIJob'];
export type Answer = Schemas['OpenAIChat'];
export type Message = { role: 'system' | 'user' | 'assistant'; content: string };

// What is known of a training by now; each report holds all of it.
export interface Progress {
  state: string; // of the job: queued, provisioning, connecting, staging, setup, running, collecting, releasing, and an end
  step?: number;
  totalSteps?: number;
  epoch?: number;
  loss?: number;
  lossHistory: { step: number; loss: number }[];
  evalLoss?: number;
  etaSeconds?: number;
  message?: string; // what went wrong, and what to do
}

export class StokerError extends Error {
  constructor(
    readonly status: number,
    readonly code: string | null,
    message: string,
    readonly param: string | null = null,
  ) {
    super(message);
  }
}

// `origin`: of the agent, as in http://127.0.0.1:7465. `token`: from `stoker tokens create`.
export class Stoker {
  private readonly base: string;

  constructor(
    private readonly origin: string,
    private readonly token: string,
  ) {
    this.base = `${origin}/openai/v1`;
  }

  async upload(chats: Blob, filename: string): Promise<TrainingFile> {
    const form = new FormData();
    form.append('purpose', 'fine-tune');
    form.append('file', chats, filename);
    return this.json('/files', { method: 'POST', body: form });
  }

  // The same key makes the same job, however often an answer is lost: no second machine is rented.
  async create(request: JobRequest, key: string = crypto.randomUUID()): Promise<Job> {
    return this.post('/fine_tuning/jobs', request, { 'Idempotency-Key': key });
  }

  async job(id: string): Promise<Job> {
    return this.json(`/fine_tuning/jobs/${encodeURIComponent(id)}`);
  }

  async cancel(id: string): Promise<Job> {
    return this.json(`/fine_tuning/jobs/${encodeURIComponent(id)}/cancel`, { method: 'POST' });
  }

  // All of them, newest first.
  async *list(): AsyncGenerator<Job> {
    for (let after = ''; ; ) {
      const page = await this.json<Schemas['OpenAIJobList']>(`/fine_tuning/jobs?limit=100${after}`);
      yield* page.data;
      const last = page.data.at(-1);
      if (!page.has_more || !last) return;
      after = `&after=${encodeURIComponent(last.id)}`;
    }
  }

  // Reports as the training goes on, until the job has ended; a connection that breaks is taken up where it was.
  async *progress(job: Job, signal?: AbortSignal): AsyncGenerator<Progress> {
    const now: Progress = { state: job.x_stoker.state, lossHistory: [] };
    for await (const event of this.events(job.x_stoker.job_id, signal)) {
      if (event.kind === 'end') return;
      if (takeEvent(now, event.kind, event.data)) yield { ...now, lossHistory: [...now.lossHistory] };
    }
  }

  async chat(model: string, messages: Message[]): Promise<string> {
    const answer = await this.post<Answer>('/chat/completions', { model, messages });
    return (answer.choices[0]?.['message'] as Message | undefined)?.content ?? '';
  }

  // The answer piece by piece.
  async *chatStream(model: string, messages: Message[], signal?: AbortSignal): AsyncGenerator<string> {
    const answer = await this.call(`${this.base}/chat/completions`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ model, messages, stream: true }),
      ...(signal && { signal }),
    });
    for await (const event of serverEvents(answer)) {
      if (event.data === '[DONE]') return;
      const piece = JSON.parse(event.data).choices[0]?.delta?.content;
      if (piece) yield piece;
    }
  }

  private async *events(jobId: string, signal?: AbortSignal): AsyncGenerator<{ kind: string; data: Fields }> {
    for (let last = '', failures = 0; ; ) {
      try {
        const answer = await this.call(`${this.origin}/v1/jobs/${encodeURIComponent(jobId)}/events`, {
          headers: last ? { 'Last-Event-ID': last } : {},
          ...(signal && { signal }),
        });
        for await (const event of serverEvents(answer)) {
          if (event.id) last = event.id;
          failures = 0;
          yield { kind: event.kind, data: JSON.parse(event.data) };
          if (event.kind === 'end') return;
        }
      } catch (error) {
        if (signal?.aborted || error instanceof StokerError || ++failures > 5) throw error;
      }
      await new Promise((done) => setTimeout(done, 500));
    }
  }

  private async post<T>(path: string, body: unknown, headers: Record<string, string> = {}): Promise<T> {
    return this.json(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  }

  private async json<T>(path: string, request: RequestInit = {}): Promise<T> {
    return (await this.call(this.base + path, request)).json() as Promise<T>;
  }

  private async call(url: string, request: RequestInit): Promise<Response> {
    const headers = new Headers(request.headers);
    headers.set('Authorization', `Bearer ${this.token}`);
    const answer = await fetch(url, { ...request, headers });
    if (answer.ok) return answer;
    const body = await answer.json().catch(() => ({}));
    const error = body.error ?? { message: body.detail ?? answer.statusText, code: body.code ?? null };
    throw new StokerError(answer.status, error.code ?? null, error.message, error.param ?? null);
  }
}

// Members of an event's JSON.
type Fields = Record<string, unknown>;

const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

function put<K extends keyof Progress>(now: Progress, key: K, value: Progress[K] | undefined): void {
  if (value !== undefined) now[key] = value;
}

// False when it says nothing of the progress.
function takeEvent(now: Progress, kind: string, data: Fields): boolean {
  const values = (data['values'] ?? {}) as Fields;
  switch (kind) {
    case 'state':
      now.state = String(data['state']);
      if (data['reason']) now.message = [data['reason'], data['hint']].filter(Boolean).join('; ');
      return true;
    case 'run':
      put(now, 'totalSteps', number(data['total_steps']));
      return true;
    case 'progress':
      if (data['scope'] !== 'train') return false;
      put(now, 'step', number(data['n']));
      put(now, 'totalSteps', number(data['total']));
      put(now, 'epoch', number(data['epoch']));
      put(now, 'etaSeconds', number(data['eta_s']));
      return true;
    case 'metric': {
      const step = number(data['step']);
      const loss = number(values['train_loss']);
      put(now, 'step', step);
      put(now, 'epoch', number(data['epoch']));
      put(now, 'loss', loss);
      if (step !== undefined && loss !== undefined) now.lossHistory.push({ step, loss });
      return true;
    }
    case 'eval':
      put(now, 'evalLoss', number(values['eval_loss']));
      return true;
    case 'diagnosis':
      if (data['severity'] !== 'error') return false;
      now.message = [data['message'], data['hint']].filter(Boolean).join('; ');
      return true;
    default:
      return false;
  }
}

interface ServerEvent {
  id: string;
  kind: string;
  data: string;
}

// Server-sent events of an answer, split anywhere.
async function* serverEvents(answer: Response): AsyncGenerator<ServerEvent> {
  if (!answer.body) return;
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  let event: ServerEvent = { id: '', kind: 'message', data: '' };
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const lines = (rest + value).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines.map((one) => one.replace(/\r$/, ''))) {
        if (line === '') {
          if (event.data) yield event;
          event = { id: '', kind: 'message', data: '' };
        } else if (line.startsWith('id:')) event.id = line.slice(3).trim();
        else if (line.startsWith('event:')) event.kind = line.slice(6).trim();
        else if (line.startsWith('data:')) event.data += (event.data && '\n') + line.slice(5).replace(/^ /, '');
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
