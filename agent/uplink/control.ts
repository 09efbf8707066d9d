// The control channel to the collector: the agent opens it, keeps it open, and hears on it what it is to do.
import { WebSocket } from 'ws';
import { CONTROL_PATH, type FromAgent, type ToAgent } from '../contract/control.ts';
import { reasonOf } from '../process/errors.ts';
import { Every, type Log } from '../process/log.ts';
import { messageIn } from './control-message.ts';
import { retryDelayMs } from './retry.ts';
import type { Route } from './route.ts';

const CONNECT_MS_MAX = 15_000;
/** The collector pings more often: a channel on which nothing comes for so long is dead. */
const SILENT_MS_MAX = 45_000;
/** The longest message: all settings, or as many investigations as there can be. */
const SAID_BYTES_MAX = 256 * 1024;
const COMPLAINT_PERIOD_MS = 600_000;

export type ControlOptions = {
  route: Route;
  /** what is said first on each channel */
  hello: () => FromAgent;
  /** hears what the collector says */
  onMessage: (message: ToAgent) => void;
  log: Log;
};

export class ControlChannel {
  readonly #options: ControlOptions;
  readonly #complaint = new Every(COMPLAINT_PERIOD_MS);
  #socket: WebSocket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #silence: NodeJS.Timeout | undefined;
  #failures = 0;
  #closed = false;

  constructor(options: ControlOptions) {
    this.#options = options;
    this.#open();
  }

  /** Does nothing while the channel is not open: the hello of the next one tells how things are. */
  send(message: FromAgent): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#silence);
    this.#socket?.terminate();
  }

  #open(): void {
    const { route, hello } = this.#options;
    const { addresses, transport, shown } = route;
    const url = addresses.current(performance.now()) + CONTROL_PATH;
    const socket = new WebSocket(url.replace(/^http/, 'ws'), {
      agent: transport.of(url),
      headers: shown(),
      handshakeTimeout: CONNECT_MS_MAX,
      maxPayload: SAID_BYTES_MAX,
      perMessageDeflate: false,
      followRedirects: false,
    });
    this.#socket = socket;
    let why = 'the collector has closed it';
    socket.on('open', () => {
      this.#failures = 0;
      this.#heard(socket);
      socket.send(JSON.stringify(hello()));
    });
    socket.on('ping', () => this.#heard(socket));
    socket.on('message', (data) => {
      this.#heard(socket);
      this.#take(String(data));
    });
    socket.on('error', (error) => {
      why = reasonOf(error);
    });
    socket.on('close', () => this.#again(why));
  }

  #take(text: string): void {
    const message = messageIn(text);
    // A message that only a later version understands is ignored.
    if (message !== undefined) this.#options.onMessage(message);
  }

  #heard(socket: WebSocket): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => socket.terminate(), SILENT_MS_MAX).unref();
  }

  #again(why: string): void {
    clearTimeout(this.#silence);
    if (this.#closed) return;
    this.#failures += 1;
    if (this.#failures > 1)
      this.#complaint.run(Date.now(), () =>
        this.#options.log.warn(`the control channel is not open, so the collector can tell this agent nothing: ${why}`),
      );
    this.#timer = setTimeout(() => this.#open(), retryDelayMs(this.#failures, Math.random())).unref();
  }
}
