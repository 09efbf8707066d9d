import './styles/base.css';
import { mount } from 'svelte';
import { live } from './live.svelte.ts';
import Root from './Root.svelte';
import { session } from './session.svelte.ts';
import { theme } from './theme.svelte.ts';
import { view } from './view.svelte.ts';

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no #app to mount the page in');

theme.start();
view.start();
live.start();
session.start();
mount(Root, { target });
