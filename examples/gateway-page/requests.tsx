import type { StatusChange } from 'headgate';
import { type FormEvent, useMemo, useState } from 'react';
import { catchError, EMPTY } from 'rxjs';
import { useObservable } from '../react-page/use-observable.ts';
import type { Gateway } from './gateway.ts';

const submitted: StatusChange = { status: 'pending', attempt: 0, at: 0 };
const steps = ['pending', 'processing', 'completed'];

/** Hands requests in and follows them. */
export function Requests({ gateway, models }: { gateway: Gateway; models: readonly string[] }) {
  const [ids, setIds] = useState<readonly string[]>([]);
  const [problem, setProblem] = useState('');
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    gateway.submit(String(form.get('model')), String(form.get('prompt'))).then(
      (id) => setIds((others) => [id, ...others].slice(0, 5)),
      (error) => setProblem(error.message),
    );
  };
  return (
    <section>
      <h2>A request</h2>
      <form className="bar-form" id="submit" onSubmit={submit}>
        <select name="model" aria-label="Model">
          {models.map((model) => (
            <option key={model}>{model}</option>
          ))}
        </select>
        <input name="prompt" aria-label="Prompt" defaultValue="What is a headgate?" />
        <button type="submit">Submit</button>
      </form>
      {problem && <p className="refused">{problem}</p>}
      {ids.map((id) => (
        <Followed key={id} gateway={gateway} id={id} />
      ))}
    </section>
  );
}

function Followed({ gateway, id }: { gateway: Gateway; id: string }) {
  const changes$ = useMemo(() => gateway.watch.request$(id).pipe(catchError(() => EMPTY)), [gateway, id]);
  const { status } = useObservable(changes$, submitted);
  const reached = status === 'failed' ? ['failed'] : steps.slice(0, steps.indexOf(status) + 1);
  return (
    <div className="row request" data-status={status}>
      <small>{id}</small>
      <span>
        {(status === 'failed' ? ['failed'] : steps).map((step) => (
          <span key={step} className={`status step ${reached.includes(step) ? step : ''}`}>
            {step}
          </span>
        ))}
      </span>
    </div>
  );
}
