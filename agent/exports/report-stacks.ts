// The part of a report that shows which call paths in the kernel led to drops, resets, retransmissions and zero windows.
import type { StackGroup } from '../verdict/stacks.ts';
import { type Html, html } from './html.ts';
import { hostName, more, SHOWN_MAX } from './report-causes.ts';

/** @param names of hosts, by id */
export function stackTable(stacks: readonly StackGroup[], names: ReadonlyMap<string, string>): Html | '' {
  if (stacks.length === 0) return '';
  const lines = stacks
    .slice(0, SHOWN_MAX)
    .map(
      (stack) =>
        html`<tr><th scope="row">${hostName(stack.host_id, names)}</th><td>${stack.about} ${stack.what}</td><td>${wayOf(stack)}</td><td class="n">${stack.rows}</td></tr>`,
    );
  return html`<section aria-labelledby="stacks"><h2 id="stacks">By which way the kernel came to it</h2><table>
<thead><tr><th scope="col">host</th><th scope="col">event</th><th scope="col">kernel's functions, the innermost first</th><th scope="col" class="n">events</th></tr></thead>
<tbody>${lines}</tbody></table>${more(stacks.length)}</section>`;
}

function wayOf({ functions, user_functions }: StackGroup): Html {
  const kernel = functions.join(' ← ') || 'hidden by the host';
  return user_functions.length === 0 ? html`${kernel}` : html`${kernel}<br>called by the process’s ${user_functions.join(' ← ')}`;
}
