import type { Connection, GatewayStatus } from 'headgate/watch';
import { useObservable } from '../react-page/use-observable.ts';
import type { Gateway } from './gateway.ts';
import { DeploymentRow, Model, TenantRow } from './parts.tsx';
import { Requests } from './requests.tsx';

const nothingYet: GatewayStatus = { at: 0, models: [], deployments: [], tenants: [] };
const idle: Connection = { state: 'idle' };

/** Everything that the gateway tells. */
export function Connected({ gateway }: { gateway: Gateway }) {
  const { models, deployments, tenants } = useObservable(gateway.status$, nothingYet);
  const connection = useObservable(gateway.watch.connection$, idle);
  const sum = (field: 'queueSize' | 'processing' | 'completed' | 'failed') => models.reduce((total, model) => total + model[field], 0);
  const numbers = { waiting: sum('queueSize'), running: sum('processing'), completed: sum('completed'), failed: sum('failed') };
  return (
    <>
      <p id="connection" className={connection.state}>
        {connection.state === 'refused' ? connection.error.message : connection.state}
        {connection.state === 'waiting' && ` to try again: ${connection.why}`}
      </p>
      <section className="numbers">
        {Object.entries(numbers).map(([name, value]) => (
          <div key={name}>
            <b id={name}>{value}</b>
            <span>{name}</span>
          </div>
        ))}
      </section>
      <Requests gateway={gateway} models={models.map(({ modelId }) => modelId)} />
      {models.map((model) => (
        <Model key={model.modelId} model={model} />
      ))}
      {deployments.length > 0 && (
        <section>
          <h2>Deployments</h2>
          {deployments.map((deployment) => (
            <DeploymentRow key={`${deployment.modelId} ${deployment.id}`} deployment={deployment} />
          ))}
        </section>
      )}
      <section>
        <h2>Tenants</h2>
        {tenants.map((tenant) => (
          <TenantRow key={tenant.tenant} tenant={tenant} />
        ))}
      </section>
    </>
  );
}
