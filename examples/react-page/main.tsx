import type { EngineMetrics } from 'headgate';
import { useState } from 'react';
import { createRoot } from 'react-dom/client';
import { MODEL, manager, submitSome } from './engine.ts';
import { Limit, Row } from './parts.tsx';
import { useObservable } from './use-observable.ts';

const nothingYet: EngineMetrics = { at: 0, queueSize: 0, processing: 0, models: {} };
const firstRequests = submitSome(14);

function Page() {
  const metrics = useObservable(manager.metrics$, nothingYet);
  const [handles, setHandles] = useState(firstRequests);
  const model = metrics.models[MODEL];
  const numbers = { waiting: metrics.queueSize, running: metrics.processing, completed: model?.completed, failed: model?.failed };
  return (
    <main>
      <header>
        <h1>Headgate in a page</h1>
        <button type="button" onClick={() => setHandles([...handles, ...submitSome(5)])}>
          Submit 5 more
        </button>
      </header>
      <section className="numbers">
        {Object.entries(numbers).map(([name, value]) => (
          <div key={name}>
            <b id={name}>{value ?? 0}</b>
            <span>{name}</span>
          </div>
        ))}
      </section>
      <section>
        <h2>Share of each limit (metrics$)</h2>
        {model?.rateLimiters.map((limiter) => (
          <Limit key={limiter.type} limiter={limiter} />
        ))}
      </section>
      <section>
        <h2>Requests (status$)</h2>
        <table>
          <tbody>
            {handles.slice(-12).map((handle) => (
              <Row key={handle.id} handle={handle} />
            ))}
          </tbody>
        </table>
      </section>
    </main>
  );
}

const root = document.getElementById('root');
if (root) createRoot(root).render(<Page />);
