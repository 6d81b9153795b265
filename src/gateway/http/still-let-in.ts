import type { Caller } from '../calls/caller.ts';
import { TenantRefused } from '../calls/tenant-refused.ts';

/** Whether a reader of events is still let in: keys get revoked. A store that is down is no reason to end a stream. */
export async function isStillLetIn(authenticated: Promise<Caller>): Promise<boolean> {
  try {
    await authenticated;
    return true;
  } catch (error) {
    return !(error instanceof TenantRefused && (error.status === 401 || error.status === 403));
  }
}
