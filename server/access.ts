// Who may do what at this collector, and at all others of the same store.
import { REAL_DISK } from '../agent/durable/disk.ts';
import { agentWay } from './access/agent-way.ts';
import { Agents } from './access/agents.ts';
import { Collectors } from './access/collectors.ts';
import { Enrolments } from './access/enrolments.ts';
import { HostRemoval } from './access/host-removal.ts';
import { LastHeard } from './access/last-heard.ts';
import { type ProxyWay, proxyWay } from './access/proxy-way.ts';
import { RecordBook } from './access/record-book.ts';
import { SavedViews } from './access/saved-views.ts';
import { Sessions } from './access/sessions.ts';
import { Tokens } from './access/tokens.ts';
import { Users } from './access/users.ts';
import { Audit } from './door/audit.ts';
import { Gate } from './door/gate.ts';
import type { Owner } from './door/owner.ts';
import type { Store } from './storage/store.ts';

export type AccessOptions = {
  store: Store;
  /** the data directory */
  directory: string;
  owner: Owner;
  /** on a loopback address: while there is no user, nobody has to log in */
  open: boolean;
  /** a trusted proxy whose header names the user; undefined: none */
  proxy: ProxyWay | undefined;
  /** for the log: the store or the file of records could not be read or written */
  failed: (error: unknown) => void;
  auditLost: (entries: number, error: unknown) => void;
};

export class Access {
  readonly book: RecordBook;
  readonly collectors: Collectors;
  readonly enrolments: Enrolments;
  readonly agents: Agents;
  readonly removal: HostRemoval;
  readonly heard: LastHeard;
  readonly users: Users;
  readonly sessions: Sessions;
  readonly tokens: Tokens;
  readonly views: SavedViews;
  readonly audit: Audit;
  readonly gate: Gate;

  constructor({ store, directory, owner, open, proxy, failed, auditLost }: AccessOptions) {
    this.book = new RecordBook({ store, disk: REAL_DISK, directory, failed });
    this.collectors = new Collectors(this.book);
    this.enrolments = new Enrolments(this.book);
    const heard = new LastHeard(store);
    this.heard = heard;
    this.agents = new Agents(this.book, this.enrolments, heard);
    this.removal = new HostRemoval(store, this.agents, heard);
    this.users = new Users(this.book);
    this.sessions = new Sessions(this.book);
    this.tokens = new Tokens(this.book);
    this.views = new SavedViews(this.book);
    this.audit = new Audit(store, auditLost);
    const ways = [
      owner.identify,
      agentWay(this.book, this.agents, heard),
      this.tokens.identify,
      this.sessions.identify,
      proxyWay(proxy, this.book),
    ];
    this.gate = new Gate({ ways, book: this.book, open });
  }

  async stop(): Promise<void> {
    await this.audit.stop();
    await this.book.stop();
  }
}
