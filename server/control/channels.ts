// The control channels of agents at this collector: one for each host.
import type { FastifyRequest } from 'fastify';
import { Compile } from 'typebox/compile';
import type { WebSocket } from 'ws';
import { type AgentHello, CONTROL_PATH, FromAgent, type ToAgent } from '../../agent/contract/control.ts';
import { Refusal } from '../errors.ts';
import type { App } from '../http.ts';
import { LIMITS } from '../limits.ts';

const CHECKED = Compile(FromAgent);
/** A WebSocket close code: policy violation. */
const AGAINST_RULES = 1008;
const WINDOW_MS = 10_000;

type Channel = { socket: WebSocket; request: FastifyRequest; answered: boolean };

export type ChannelEvents = {
  /** called at the hello of a channel, which is its first message */
  opened: (host_id: string, hello: AgentHello) => void;
  said: (host_id: string, message: Exclude<FromAgent, AgentHello>) => void;
  closed: (host_id: string) => void;
  /** called for a message that is malformed or too early, or when messages come too often */
  refused: (host_id: string, why: string) => void;
};

export class AgentChannels {
  readonly #events: ChannelEvents;
  readonly #channels = new Map<string, Channel>();
  readonly #waiting = new Set<WebSocket>();
  #pinging: NodeJS.Timeout | undefined;

  constructor(events: ChannelEvents) {
    this.#events = events;
  }

  get size(): number {
    return this.#channels.size;
  }

  hosts(): string[] {
    return [...this.#channels.keys()];
  }

  has(host_id: string): boolean {
    return this.#channels.has(host_id);
  }

  send(host_id: string, message: ToAgent): void {
    this.#channels.get(host_id)?.socket.send(JSON.stringify(message));
  }

  /** Closes the channels of agents whose credential is no longer valid. @param isIn whether a host has a valid credential */
  recheck(isIn: (host_id: string) => boolean): void {
    for (const { socket, request } of [...this.#channels.values()]) {
      const { host_id } = request.who;
      if (host_id !== undefined && !isIn(host_id)) socket.close(AGAINST_RULES, 'this credential holds no more');
    }
  }

  stop(): void {
    clearInterval(this.#pinging);
    for (const socket of [...this.#waiting, ...[...this.#channels.values()].map((channel) => channel.socket)]) socket.terminate();
  }

  register(app: App): void {
    app.route({
      method: 'GET',
      url: CONTROL_PATH,
      schema: { hide: true },
      onRequest: async (request) => {
        if (!request.ws) throw new Refusal('request_invalid', `${CONTROL_PATH} is a WebSocket for agents`);
        if (this.#channels.size + this.#waiting.size >= LIMITS.control_channels.number)
          throw new Refusal('too_many_agents', 'too many agents have a control channel here', { retry_after_s: 30 });
      },
      handler: async (_request, reply) => reply.callNotFound(),
      wsHandler: (socket, request) => this.#greet(socket, request),
    });
    this.#pinging ??= setInterval(() => this.#pingAll(), LIMITS.control_ping_ms.number).unref();
  }

  #greet(socket: WebSocket, request: FastifyRequest): void {
    this.#waiting.add(socket);
    const late = setTimeout(() => socket.close(AGAINST_RULES, 'no hello'), LIMITS.control_ping_ms.number).unref();
    let host_id: string | undefined;
    let messages = 0;
    let window_ms = performance.now();
    socket.on('message', (data) => {
      if (performance.now() - window_ms > WINDOW_MS) [messages, window_ms] = [0, performance.now()];
      messages += 1;
      if (messages > LIMITS.control_messages.number) return this.#refuse(socket, host_id, 'says too much');
      const message = messageIn(String(data));
      if (message === undefined) return this.#refuse(socket, host_id, 'says what is no message of an agent');
      if (message.type !== 'hello')
        return host_id === undefined ? this.#refuse(socket, host_id, 'says no hello') : this.#events.said(host_id, message);
      // An agent with a credential can speak only for its host. An agent of this machine without one is believed.
      host_id = request.who.host_id ?? message.host_id;
      clearTimeout(late);
      this.#waiting.delete(socket);
      this.#open(host_id, { socket, request, answered: true }, message);
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', () => {
      clearTimeout(late);
      this.#waiting.delete(socket);
      if (host_id !== undefined && this.#channels.get(host_id)?.socket === socket) this.#close(host_id);
    });
  }

  /** A new channel replaces the host's earlier one: the agent has given that up. */
  #open(host_id: string, channel: Channel, hello: AgentHello): void {
    const before = this.#channels.get(host_id);
    this.#channels.set(host_id, channel);
    if (before !== undefined && before.socket !== channel.socket) before.socket.terminate();
    channel.socket.on('pong', () => {
      channel.answered = true;
    });
    this.#events.opened(host_id, hello);
  }

  #close(host_id: string): void {
    this.#channels.delete(host_id);
    this.#events.closed(host_id);
  }

  #refuse(socket: WebSocket, host_id: string | undefined, why: string): void {
    this.#events.refused(host_id ?? '', why);
    socket.close(AGAINST_RULES, why);
  }

  #pingAll(): void {
    for (const channel of this.#channels.values()) {
      if (!channel.answered) channel.socket.terminate();
      channel.answered = false;
      channel.socket.ping();
    }
  }
}

function messageIn(text: string): FromAgent | undefined {
  try {
    const said: unknown = JSON.parse(text);
    return CHECKED.Check(said) ? said : undefined;
  } catch {
    return undefined;
  }
}
