// `GET /api/v1/live`: the live feed to every open page, by WebSocket.
import type { FastifyRequest } from 'fastify';
import type { Kind, RetransmitRow } from '../bpf/rows/rows.gen.ts';
import { API, type LiveMessage, type Retransmit } from './api.ts';
import { addressOf, personPeer } from './door/peer.ts';
import { Refusal } from './errors.ts';
import type { App } from './http.ts';
import { LIMITS } from './limits.ts';
import { RetransmitFeed } from './live/retransmit-feed.ts';
import { Tick } from './live/tick.ts';
import { Viewers } from './live/viewers.ts';
import type { Metrics } from './metrics.ts';

export type LiveParts = {
  version: string;
  metrics: Metrics;
  tick: () => Promise<LiveMessage>;
  decode: (row: RetransmitRow) => Retransmit;
  tickFailed: (error: unknown) => void;
};

const VIEWERS = {
  viewers_max: LIMITS.viewers.number,
  peer_max: LIMITS.viewers_peer.number,
  buffered_bytes_max: LIMITS.viewer_unread.number,
  slow_ms_max: LIMITS.viewer_slow_ms.number,
  ping_ms: LIMITS.viewer_ping_ms.number,
  silent_ms: LIMITS.viewer_silent_ms.number,
};
const TICK = { period_ms_min: 1000, period_ms_max: 5000 };
const FEED = { rows_max: 200, period_ms: 100 };

export class Live {
  readonly #version: string;
  readonly #viewers: Viewers;
  readonly #tick: Tick;
  readonly #feed: RetransmitFeed;
  #trouble = '';

  constructor({ version, metrics, tick, decode, tickFailed }: LiveParts) {
    this.#version = version;
    this.#viewers = new Viewers(VIEWERS, {
      sent: (count) => metrics.liveMessages.add(count, { outcome: 'sent' }),
      skipped: (count) => metrics.liveMessages.add(count, { outcome: 'skipped' }),
      closedSlow: () => metrics.liveViewersClosed.add(1, { reason: 'slow' }),
      closedSilent: () => metrics.liveViewersClosed.add(1, { reason: 'silent' }),
      closedRefused: () => metrics.liveViewersClosed.add(1, { reason: 'refused' }),
    });
    const publish = (message: LiveMessage) => this.#viewers.broadcast(message);
    const failed = (error: unknown) => {
      metrics.liveTickFailures.add(1);
      tickFailed(error);
    };
    this.#tick = new Tick(TICK, { compute: tick, watched: () => this.#viewers.size > 0, publish, failed });
    this.#feed = new RetransmitFeed(FEED, { decode, publish });
    metrics.gauge('live.viewers', '{viewer}', 'pages that follow the live feed', () => this.#viewers.size);
  }

  /** Called when rows are durable in the log: they are shown before the store has them. */
  acknowledged({ kind }: { kind: Kind }, rows: Buffer): void {
    if (kind === 'retransmit' && this.#viewers.size > 0) this.#feed.take(rows);
  }

  /** Called when the store has taken rows. */
  inserted(): void {
    this.#tick.invalidate();
  }

  /** Called when the store is behind or failing; `reason` is empty once it has recovered. */
  trouble(reason: string): void {
    this.#trouble = reason;
    this.#viewers.broadcast({ type: 'trouble', reason });
  }

  /** Called when access records have changed: closes pages that have lost their right. */
  recheck(): void {
    void this.#viewers.recheck();
  }

  stop(): void {
    this.#tick.stop();
    this.#feed.stop();
    this.#viewers.close();
  }

  /** @param mayLook whether whoever sent this request still has the right to it */
  register(app: App, mayLook: (request: FastifyRequest) => Promise<boolean>): void {
    app.route({
      method: 'GET',
      url: API.live,
      schema: { hide: true },
      // Checked before the upgrade, so that a refusal is an HTTP answer with the reason.
      onRequest: async (request) => {
        if (!request.ws) throw new Refusal('request_invalid', `${API.live} is a WebSocket: connect with ws://`);
        if (!this.#viewers.admit(viewerOf(request)))
          throw new Refusal('too_many_viewers', 'too many pages follow the live feed: close some', { retry_after_s: 1 });
      },
      handler: async (_request, reply) => reply.callNotFound(),
      wsHandler: (socket, request) => {
        const trouble: LiveMessage[] = this.#trouble === '' ? [] : [{ type: 'trouble', reason: this.#trouble }];
        const hello: LiveMessage = { type: 'hello', server_ms: Date.now(), version: this.#version };
        // 1009: message too big. The receiver's own limit is higher, because agents send larger messages through it.
        socket.on('message', (data: Buffer) => data.length > LIMITS.viewer_says.number && socket.close(1009));
        this.#viewers.add(socket, { peer: viewerOf(request), mayLook: () => mayLook(request) }, [
          hello,
          ...trouble,
          ...this.#tick.newest(),
        ]);
        this.#tick.plan();
      },
    });
  }
}

function viewerOf(request: FastifyRequest): string {
  return personPeer({ address: addressOf(request), headers: request.headers });
}
