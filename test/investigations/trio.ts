// A sender, a router and a receiver: three namespaces in a row. Instead of the router, relay.c can forward packets between two TUN devices.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freshName, ip, makePair, type Netns, netns, SYSCTLS } from '../support/netns.ts';

export type Trio = { sender: Netns; router: Netns | undefined; receiver: Netns; close(): void };

/** Two namespaces without a router: a program has to forward the packets. */
export function makeCarried(): Trio {
  const pair = makePair('tun');
  return { sender: pair.client, router: undefined, receiver: pair.server, close: pair.close };
}

/** The router's address on the sender's side. */
export const ROUTER_ADDRESS = { ipv4: '10.81.0.254', ipv6: 'fd81::fe' } as const;

const NETS = { sender: { ipv4: '10.81.0', ipv6: 'fd81:' }, receiver: { ipv4: '10.82.0', ipv6: 'fd82:' } } as const;

/** Three namespaces; the middle one forwards. Needs root. */
export function makeTrio(): Trio {
  const id = freshName();
  const history = mkdtempSync(join(tmpdir(), 'tcplens-nstat-'));
  const names = { sender: `${id}a`, router: `${id}r`, receiver: `${id}b` };
  const close = () => {
    for (const name of Object.values(names)) {
      try {
        ip('netns', 'del', name);
      } catch {
        // It was never created, or is already gone.
      }
    }
    rmSync(history, { recursive: true, force: true });
  };
  try {
    for (const name of Object.values(names)) ip('netns', 'add', name);
    const router = netns(names.router, { ipv4: '', ipv6: '' }, history);
    ip('link', 'add', 'eth0', 'netns', names.sender, 'type', 'veth', 'peer', 'name', 'left', 'netns', names.router);
    ip('link', 'add', 'eth0', 'netns', names.receiver, 'type', 'veth', 'peer', 'name', 'right', 'netns', names.router);
    router.run('sysctl', '-qw', ...SYSCTLS, 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
    const host = (side: 'sender' | 'receiver', device: string): Netns => {
      const { ipv4, ipv6 } = NETS[side];
      const made = netns(names[side], { ipv4: `${ipv4}.1`, ipv6: `${ipv6}:1` }, history);
      made.run('sysctl', '-qw', ...SYSCTLS);
      made.run('ip', 'link', 'set', 'lo', 'up');
      attach(made, 'eth0', `${ipv4}.1/24`, `${ipv6}:1/64`);
      attach(router, device, `${ipv4}.254/24`, `${ipv6}:fe/64`);
      made.run('ip', 'route', 'add', 'default', 'via', `${ipv4}.254`);
      made.run('ip', '-6', 'route', 'add', 'default', 'via', `${ipv6}:fe`);
      return made;
    };
    return { sender: host('sender', 'left'), router, receiver: host('receiver', 'right'), close };
  } catch (error) {
    close();
    throw error;
  }
}

function attach(at: Netns, device: string, ipv4: string, ipv6: string): void {
  at.run('ip', 'addr', 'add', ipv4, 'dev', device);
  at.run('ip', 'addr', 'add', ipv6, 'dev', device, 'nodad');
  at.run('ip', 'link', 'set', device, 'up');
}
