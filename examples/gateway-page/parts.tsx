import type { GatewayDeployment, GatewayStatus, TenantStatus } from 'headgate/watch';
import { Limit } from '../react-page/parts.tsx';

/** One model: who waits, why, and how much of each limit is used. */
export function Model({ model }: { model: GatewayStatus['models'][number] }) {
  const { modelId, queueSize, processing, submitted, waitsFor, rateLimiters, queueTimeMs } = model;
  return (
    <section className="model">
      <h2>{modelId}</h2>
      <p>
        <b>{queueSize}</b> waiting, <b>{processing}</b> running
        {submitted > 0 && <small>{` half of the last ones waited less than ${Math.ceil(queueTimeMs.p50)} ms`}</small>}
      </p>
      {rateLimiters.map((limiter) => (
        <Limit key={`${limiter.type} ${limiter.domain}`} limiter={limiter} />
      ))}
      {waitsFor && <small>{waitsFor}</small>}
    </section>
  );
}

export function DeploymentRow({ deployment }: { deployment: GatewayDeployment }) {
  const { id, modelId, provider, state, circuit, inFlight, latencyMs, lastError } = deployment;
  return (
    <div className="row">
      <span>
        {id} <small>{`${modelId} at ${provider}${lastError === null ? '' : `: ${lastError}`}`}</small>
      </span>
      <small>{`${inFlight} in flight${latencyMs === null ? '' : `, ${Math.round(latencyMs)} ms`}`}</small>
      <span className={`status circuit ${circuit}`}>{state === 'disabled' ? state : circuit}</span>
    </div>
  );
}

export function TenantRow({ tenant: of }: { tenant: TenantStatus }) {
  return (
    <div className="row">
      <span>{of.tenant || 'nobody in particular'}</span>
      <small>{`${of.waiting} waiting, ${of.processing} running, ${of.completed} completed, ${of.failed} failed`}</small>
      <small>{`${of.tokens.input + of.tokens.output} tokens`}</small>
    </div>
  );
}
