import type { LimiterInfo, RequestHandle, StatusChange } from 'headgate';
import { useObservable } from './use-observable.ts';

const submitted: StatusChange = { status: 'pending', attempt: 0, at: 0 };

/** One limit and how much of it is used. */
export function Limit({ limiter: { type, usage, limit, state } }: { limiter: LimiterInfo }) {
  return (
    <div className="limit">
      <span>{type}</span>
      <div className="bar">
        <div className={state} style={{ width: `${Math.min(100, (100 * usage) / limit)}%` }} />
      </div>
      <small>{`${Math.round((100 * usage) / limit)} %, ${usage} of ${limit}`}</small>
    </div>
  );
}

/** One request, redrawn when its own status changes. */
export function Row({ handle }: { handle: RequestHandle<string> }) {
  const { status, phase } = useObservable(handle.status$, submitted);
  const isOver = status === 'completed' || status === 'failed';
  return (
    <tr>
      <td>{handle.id}</td>
      <td>
        <small>{isOver ? '' : phase}</small>
      </td>
      <td>
        <span className={`status ${status}`}>{status}</span>
      </td>
    </tr>
  );
}
