import { type FormEvent, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { Connected } from './connected.tsx';
import { connect, type Gateway } from './gateway.ts';

function Page() {
  const [gateway, setGateway] = useState<Gateway>();
  const open = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    gateway?.watch.close();
    setGateway(connect(String(form.get('url')), String(form.get('key'))));
  };
  return (
    <main>
      <h1>A gateway, live</h1>
      <form className="bar-form" id="connect" onSubmit={open}>
        <input name="url" aria-label="The gateway's address" defaultValue="http://127.0.0.1:8080" />
        <input name="key" aria-label="Key" type="password" placeholder="key, where it asks for one" autoComplete="off" />
        <button type="submit">Connect</button>
      </form>
      {gateway && <Connected gateway={gateway} />}
    </main>
  );
}

const root = document.getElementById('root');
if (root) createRoot(root).render(<Page />);
